import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { seededRandom, silentLogger, systemClock, unsafeBrand } from '../../../base/index.js';
import { judgeHosts } from '../../../core/bootstrap/index.js';
import type { HostShell } from '../../../engine/ports/index.js';
import type { DNSAddress } from '../addresses.js';
import { createDNSServer } from '../server/server.js';
import type { Zone } from '../server/zone.js';
import { dnsWith, memberAt, threeMembers, zoneWith } from '../testing/zones.js';
import { askFromHosts } from './ask-from-hosts.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serving(zone: Zone): Promise<DNSAddress> {
  const listen = [{ host: '127.0.0.1', port: 0 }];
  const server = createDNSServer({ listen, zone, clock: systemClock, logger: silentLogger });
  const started = await server.start();
  if (!started.ok) throw new Error(started.error.detail);
  cleanups.push(() => server.close());
  return { host: '127.0.0.1', port: Number(started.value.listening[0]?.split(':')[1]) };
}

/** This machine in the host's place, with these directories of programs. */
const shellWith = (path = process.env['PATH'] ?? ''): HostShell => ({
  run: async (_host, { script }) => {
    const { stdout, stderr } = await promisify(execFile)('/bin/sh', ['-c', script], {
      env: { PATH: path },
    });
    return { kind: 'ended', code: 0, stdout: Buffer.from(stdout), stderr };
  },
});

const wanted = dnsWith(threeMembers);

async function asked(servers: readonly DNSAddress[], shell = shellWith()) {
  const random = seededRandom(1);
  const { signal } = new AbortController();
  const asking = { shell, random, servers, signal };
  const [answers] = await askFromHosts(wanted, [unsafeBrand('here')], asking);
  if (answers === undefined) throw new Error('nobody answered');
  return answers;
}

test('the script asks a real server over UDP and TCP, and reads what it says', async () => {
  const answers = await asked([await serving(zoneWith(threeMembers))]);
  expect(answers.unasked).toEqual([]);
  const { srv } = answers.resolverSays;
  expect(srv.filter(({ answer }) => answer.kind === 'failed')).toEqual([]);
  for (const transport of ['udp', 'tcp']) {
    const targets = srv.flatMap((each) =>
      each.transport === transport && each.answer.kind === 'records' ? each.answer.records : [],
    );
    expect(targets.map(({ name }) => name)).toHaveLength(2 * 3);
  }
  // No program of this machine knows the names of the zone; of the services there is nothing to say.
  const { findings } = judgeHosts(wanted, [answers]);
  const found = findings.filter(({ data }) => String(data['name'] ?? '').startsWith('_'));
  expect(new Set(found.map(({ code }) => code))).toEqual(new Set(['dns-target-unresolved']));
});

test('of many members the answer comes whole over both transports', async () => {
  const many = Array.from({ length: 40 }, (_, at) => memberAt(at));
  const { resolverSays } = await asked([await serving(zoneWith(many))]);
  const counts = resolverSays.srv.flatMap(({ answer }) =>
    answer.kind === 'records' ? answer.records.length : [],
  );
  expect(counts).toEqual([40, 40, 40, 40]);
});

test('nobody there, and somebody who takes connections and says nothing, end with a reason each', async () => {
  const mute = createServer((socket) => {
    cleanups.push(async () => socket.destroy());
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => mute.close(resolve)));
  const at = mute.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  const { resolverSays } = await asked([
    { host: '127.0.0.1', port: 1 },
    { host: '127.0.0.1', port: at.port },
  ]);
  const reasons = resolverSays.srv.map(
    ({ server, transport, answer }) =>
      `${server === '127.0.0.1:1' ? 'nobody' : 'mute'} ${transport}: ${answer.kind === 'failed' ? answer.because : ''}`,
  );
  expect([...new Set(reasons)].sort()).toEqual([
    'mute tcp: No answer came in time.',
    'mute udp: Connection refused.',
    'nobody tcp: Connection refused.',
    'nobody udp: Connection refused.',
  ]);
});
