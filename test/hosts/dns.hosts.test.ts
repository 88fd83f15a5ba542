import { expect, test } from 'vitest';
import { ANY_MINOR, EXIT, type ProblemJSON, type Ran, askingOnly } from '../lab/index.js';
import { DNS_ADDRESS } from '../lab/hosts/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { seatOf } from './seat.js';

interface CheckJSON {
  readonly places: readonly { readonly place: string; readonly server: string }[];
  readonly unasked: readonly { readonly host: string; readonly what: string }[];
  readonly problems: readonly ProblemJSON[];
}

test('every host is asked what it sees of the records that the seat serves', async (context) => {
  const seat = await seatOf(await hostsFor(context, { hosts: 3 }), { version: ANY_MINOR });
  const bootstrap = { dns: { domain: 'lab.test' } };
  const file = await seat.spec(seat.first(3), { bootstrap });
  const within = await askingOnly(seat.home, DNS_ADDRESS);
  const serving = seat.start(`dns serve -f ${file} --listen ${DNS_ADDRESS}`);
  await serving.says(/listening on/);
  const check = async (code: number): Promise<Ran> =>
    await seat.ends(code, `dns check -f ${file} -o json`, { within });

  const well = (await check(EXIT.done)).json<CheckJSON>();
  expect(well.problems).toEqual([]);
  expect(well.unasked).toEqual([]);
  const asked = well.places.map(({ place, server }) => `${place} ${server}`);
  for (const { address } of seat.hosts.hosts) {
    expect(asked).toContain(`${address} ${DNS_ADDRESS}:53`);
    expect(asked).toContain(`${address} its own resolver`);
  }

  // As installers write it: that host alone takes its own name for another address.
  await seat.host(1).must('echo 127.0.1.1 etcd1.lab.test >> /etc/hosts');
  // Somebody's firewall, and a small system.
  await seat.host(0).must('echo nameserver 10.0.1.99 > /etc/resolv.conf');
  await seat
    .host(2)
    .must(
      'sed -i "/^root:/s,/bin/bash,/bin/sh," /etc/passwd && mv /usr/bin/bash /usr/bin/bash.away',
    );

  const ill = (await check(EXIT.failed)).json<CheckJSON>();
  const codesAt = (host: string) =>
    ill.problems
      .filter(({ data }) => [data['place'], data['host']].includes(host))
      .map(({ code }) => code);
  expect(codesAt('10.0.1.11')).toContain('dns-own-name-elsewhere');
  expect(new Set(codesAt('10.0.1.10'))).toEqual(new Set(['dns-server-silent']));
  expect(codesAt('10.0.1.12')).toEqual([]);
  expect(codesAt('this machine')).toEqual([]);
  expect(ill.unasked).toEqual([
    {
      host: '10.0.1.12',
      what: 'srv',
      because: 'there is no bash on it, which could ask a name server itself',
    },
  ]);
});
