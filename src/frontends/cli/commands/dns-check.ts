import type { Problem } from '../../../base/index.js';
import type { HostAnswers } from '../../../core/bootstrap/index.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { dnsCheckView } from '../views/dns-check.js';
import { type DNSOptions, dnsOf, dnsWish } from './dns-common.js';

export interface DNSCheckOptions extends DNSOptions {
  readonly server?: string;
}

/**
 * Asked from here, and by the hosts themselves where they are others. Whether members that are started now would find each
 * other: every record over both transports, every target's address, each member's own among them, nothing under the other
 * scheme, the names in the certificates. Exit code 1: they would not.
 */
export async function dnsCheck(context: Context, options: DNSCheckOptions): Promise<ExitCode> {
  const wish = await dnsWish(context, options);
  if (!wish.ok) return fail(context, wish.error, EXIT.usage);
  const { members, version, spec } = wish.value;
  const dns = await dnsOf(wish.value, members);
  if (!dns.ok) return fail(context, dns.error, EXIT.usage);
  const ports = await context.ports.dns();
  const { server } = options;
  const asking = { dns: dns.value, server, signal: context.interrupt };
  const [look, fromHosts] = await Promise.all([
    ports.look(asking),
    ports.fromHosts({ ...asking, spec }),
  ]);
  if (!look.ok) return fail(context, look.error, EXIT.usage);
  if (!fromHosts.ok) return fail(context, fromHosts.error, EXIT.usage);
  const { dnsFindings, certificateFinding, judgeHosts } =
    await import('../../../core/bootstrap/index.js');
  const judged = judgeHosts(dns.value, fromHosts.value, version);
  const { sights, certificates } = look.value;
  const findings: Problem[] = [
    ...sights.flatMap((sight) => dnsFindings(dns.value, sight, version)),
    ...judged.findings,
    ...certificates.flatMap(({ names, ...seen }) =>
      names === undefined ? [] : (certificateFinding(dns.value, { ...seen, names }) ?? []),
    ),
  ];
  const unseen = certificates.filter(({ names }) => names === undefined);
  await show(context, dnsCheckView, {
    domain: dns.value.place.domain,
    places: [
      ...sights.map(({ place, server: asked, seen }) => ({
        place,
        server: asked,
        asked: seen.length,
      })),
      ...fromHosts.value.flatMap(placesOf),
    ],
    unasked: judged.unasked,
    certificatesUnseen: unseen.map(({ target, port }) => `${target}:${port}`),
    problems: findings,
  });
  return findings.length === 0 ? EXIT.done : EXIT.failed;
}

/** Each server of a host, and the host itself for the names that its programs look up. */
function placesOf({ host, resolverSays: { srv, addresses } }: HostAnswers) {
  const servers = [...new Set(srv.map(({ server }) => server))];
  const names = Object.keys(addresses).length;
  return [
    ...servers.map((server) => ({
      place: host,
      server,
      asked: srv.filter((each) => each.server === server).length,
    })),
    ...(names === 0 ? [] : [{ place: host, server: 'its own resolver', asked: names }]),
  ];
}
