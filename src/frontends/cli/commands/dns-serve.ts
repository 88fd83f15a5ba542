import { type Problem, type Result, ok } from '../../../base/index.js';
import type { DNSMember } from '../../../core/bootstrap/index.js';
import { parseDomainName } from '../../../core/cluster/index.js';
import { type Context, fail, show, tell } from '../context.js';
import type { DNSServeSettings } from '../dns-ports.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { usage } from '../problems.js';
import { dnsServerView } from '../views/dns-serve.js';
import { type DNSOptions, dnsOf, dnsWish, readEndpoints } from './dns-common.js';
import { untilAborted } from './until-aborted.js';

export interface DNSServeOptions extends DNSOptions {
  readonly listen: readonly string[];
  readonly endpoints?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Where programs of this machine find it, and nobody else does. */
const DEFAULT_LISTEN = '127.0.0.53:53';

/** A DNS server for the cluster's domain, in the foreground until Ctrl-C, kept in step with the member list. */
export async function dnsServe(context: Context, options: DNSServeOptions): Promise<ExitCode> {
  const subject = await subjectOf(context, options);
  if (!subject.ok) return fail(context, subject.error, EXIT.usage);
  const { listen, cacert, cert, key } = options;
  const ports = await context.ports.dns();
  const started = await ports.serve({
    ...subject.value,
    listen: listen.length === 0 ? [DEFAULT_LISTEN] : listen,
    cacert,
    cert,
    key,
    tell: (line) => tell(context, line),
  });
  if (!started.ok) {
    const isTyped = started.error.code === 'dns-bad-address';
    return fail(context, started.error, isTyped ? EXIT.usage : EXIT.failed);
  }
  await show(context, dnsServerView, started.value.report());
  await untilAborted(context.interrupt);
  await started.value.close();
  return EXIT.done;
}

type Subject = Pick<DNSServeSettings, 'dns' | 'wanted' | 'version' | 'endpoints'>;

/** A spec and its cluster; or a cluster that is known by its endpoints only. */
async function subjectOf(
  context: Context,
  options: DNSServeOptions,
): Promise<Result<Subject, readonly Problem[]>> {
  const { file, endpoints, domain, serviceName } = options;
  const isListOnly = endpoints !== undefined && file === undefined && context.cluster === undefined;
  const given = endpoints === undefined ? ok(undefined) : readEndpoints(endpoints);
  if (!given.ok) return { ok: false, error: [given.error] };
  if (isListOnly) return ofEndpoints(given.value ?? [], domain, serviceName);
  const wish = await dnsWish(context, options);
  if (!wish.ok) return wish;
  const { members, version } = wish.value;
  const dns = await dnsOf(wish.value, members);
  if (!dns.ok) return dns;
  return ok({
    dns: dns.value,
    version,
    endpoints: given.value ?? members.flatMap(({ clientURLs }) => clientURLs),
    // The spec may change while we serve; it is read again each time.
    wanted: async (): Promise<readonly DNSMember[] | undefined> => {
      const now = await dnsWish({ ...context, quiet: true }, options);
      return now.ok ? now.value.members : undefined;
    },
  });
}

async function ofEndpoints(
  endpoints: readonly string[],
  domain: string | undefined,
  serviceName: string | undefined,
): Promise<Result<Subject, readonly Problem[]>> {
  const parsed = parseDomainName(domain ?? '');
  if (!parsed.ok) {
    const message = '--endpoints alone does not say under which domain';
    return { ok: false, error: [usage({ message, hint: 'Add --domain example.com.' })] };
  }
  const { clusterDNS } = await import('../../../core/bootstrap/index.js');
  const dns = clusterDNS({ place: { domain: parsed.value, serviceName }, members: [] });
  if (!dns.ok) return dns;
  return ok({ dns: dns.value, version: undefined, endpoints, wanted: undefined });
}
