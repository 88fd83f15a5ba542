import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom, silentLogger, systemClock } from '../../base/index.js';
import { dnsFindings } from '../../core/bootstrap/index.js';
import { createLookup } from './client/lookup.js';
import { namesIn } from './certificate-names.js';
import { addressOf, lookAtDNS } from './look.js';
import { type DNSServer, createDNSServer } from './server/server.js';
import type { Zone } from './server/zone.js';
import { dnsWith, memberAt, threeMembers, zoneWith } from './testing/zones.js';

const servers: DNSServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const wanted = dnsWith(threeMembers);
const DEADLINE_MS = 5_000;

async function sightOf(zone: Zone, deadlineMs = DEADLINE_MS) {
  const server = createDNSServer({
    listen: [{ host: '127.0.0.1', port: 0 }],
    zone,
    clock: systemClock,
    logger: silentLogger,
  });
  servers.push(server);
  const started = await server.start();
  if (!started.ok) throw new Error(started.error.detail);
  const port = Number(started.value.listening[0]?.split(':')[1]);
  const { signal } = new AbortController();
  const address = { host: '127.0.0.1', port };
  const lookup = createLookup({ server: address, random: seededRandom(1), deadlineMs, signal });
  return await lookAtDNS(wanted, lookup, 'this machine');
}

describe('a look at a server', () => {
  test('finds nothing wrong with the records of the cluster', async () => {
    const sight = await sightOf(zoneWith(threeMembers));
    expect(dnsFindings(wanted, sight)).toEqual([]);
    expect(addressOf(sight, 'm2.example.com')).toBe('10.0.1.12');
  });

  test('asks for the addresses of targets that nobody wants, too', async () => {
    const sight = await sightOf(zoneWith([...threeMembers, memberAt(4)]));
    expect(dnsFindings(wanted, sight).map(({ code }) => code)).toEqual([
      'dns-records-differ',
      'dns-records-differ',
    ]);
    expect(addressOf(sight, 'm4.example.com')).toBe('10.0.1.14');
  });

  test('of another zone is told what it says', async () => {
    const sight = await sightOf(zoneWith(threeMembers, 'example.org'));
    const [finding] = dnsFindings(wanted, sight);
    expect(finding?.code).toBe('dns-server-silent');
    expect(finding?.detail).toContain('REFUSED');
  });

  test('where nobody listens it ends, with the reason for each transport', async () => {
    const { signal } = new AbortController();
    const server = { host: '127.0.0.1', port: 1 };
    const lookup = createLookup({ server, random: seededRandom(1), deadlineMs: 50, signal });
    const sight = await lookAtDNS(wanted, lookup, 'this machine');
    expect(dnsFindings(wanted, sight)).toHaveLength(2);
  });
});

test('names of a certificate as Node tells them', () => {
  expect(namesIn('DNS:a.example.com, IP Address:10.0.0.1')).toEqual(['a.example.com', '10.0.0.1']);
});
