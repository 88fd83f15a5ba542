import { describe, expect, test } from 'vitest';
import { ANY_MINOR } from '../lab/index.js';
import { hostsFor } from '../lab/hosts/suite.js';
import { seatOf } from './seat.js';

interface DriftJSON {
  readonly code: string;
  readonly hint: string;
  readonly data: { readonly host: string; readonly file: string };
}

describe('what somebody else changed on a host', () => {
  test('is shown by status and plan with what to do, harms nobody, and is gone once that was done', async (context) => {
    const seat = await seatOf(await hostsFor(context, { hosts: 3 }), { version: ANY_MINOR });
    const spec = await seat.spec(seat.first(3));
    await seat.must(`apply -f ${spec}`);
    await seat.settled(3);
    const name = seat.name;
    const driftIn = async (command: string) =>
      (await seat.must(`${command} -o json`)).json<{ drift?: readonly DriftJSON[] }>().drift ?? [];
    expect(await driftIn(`status ${name}`)).toEqual([]);

    const unit = `/etc/systemd/system/etcd-${name}.service`;
    await seat.host(0).must(`sed -i 's/^Nice=.*/Nice=10/' ${unit}`);
    await seat.host(1).must(`mkdir ${unit}.d; printf '[Service]\nRestart=no\n' > ${unit}.d/own.conf
      systemctl daemon-reload`);
    const binary = (
      await seat.host(2).must('ls /opt/quorate/etcd/*/etcd; touch /opt/quorate/etcd/*/etcd')
    ).trim();
    // Another time alone is no change.
    expect(await driftIn(`plan ${name}`)).toHaveLength(2);
    await seat.host(2).must(`cp ${binary} ${binary}.own; echo >> ${binary}.own
      mv ${binary}.own ${binary}`);

    const drift = await driftIn(`status ${name}`);
    expect(drift.map(({ code, data: { host, file } }) => [code, host, file])).toEqual([
      ['unit-changed', seat.host(0).address, unit],
      ['unit-changed', seat.host(1).address, `${unit}.d`],
      ['binary-changed', seat.host(2).address, binary],
    ]);
    expect(await driftIn(`plan ${name}`)).toEqual(drift);
    const { cluster, plan } = await seat.status();
    expect([cluster.state, plan.kind]).toEqual(['healthy', 'converged']);
    const text = (await seat.must(`status ${name}`)).stdout;
    expect(text).toContain(`drift: Somebody changed a unit of ours on ${seat.host(0).address}`);

    const doAsTold = async ({ hint, data }: DriftJSON) => {
      const command = /^ *ssh .* ((mv|systemctl stop) .*)$/m.exec(hint)?.[1] ?? 'false';
      const machine = seat.hosts.hosts.find(({ address }) => address === data.host);
      await machine?.must(`${command}; systemctl daemon-reload`);
    };
    await Promise.all(drift.map(doAsTold));
    await seat.must(`apply -f ${spec}`);
    await seat.host(2).must(`[ -x ${binary} ]`);
    const [gone, ...others] = await driftIn(`status ${name}`);
    expect([gone?.code, ...others]).toEqual(['unit-gone']);
    if (gone !== undefined) await doAsTold(gone);
    await seat.must(`apply -f ${spec}`);
    expect(await driftIn(`status ${name}`)).toEqual([]);
    await seat.host(0).must(`[ -e ${unit} ] && systemctl is-enabled ${unit.split('/').at(-1)}`);
    await seat.settled(3);
  });
});
