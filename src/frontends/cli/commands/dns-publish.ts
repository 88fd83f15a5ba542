import { type Problem, type Result, err, nearest, ok } from '../../../base/index.js';
import type { ClusterDNS, DNSStyle } from '../../../core/bootstrap/index.js';
import { type Context, fail, show, tell } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { badValue, usage } from '../problems.js';
import { publishedView } from '../views/dns-publish.js';
import { recordsView } from '../views/dns-records.js';
import { type DNSOptions, dnsNow, dnsWish, readEndpoints } from './dns-common.js';

export interface DNSPublishOptions extends DNSOptions {
  readonly server?: string;
  readonly zone?: string;
  readonly keyFile?: string;
  readonly as?: string;
  readonly dryRun?: boolean;
  readonly endpoints?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
}

const STYLES = ['zone', 'hosts'] as const satisfies readonly DNSStyle[];

/**
 * Brings the records in step with the members that the list has and the spec wants; before there is a list, with the spec.
 * So a newcomer is published after it was added, and one that leaves is taken out before it is removed.
 */
export async function dnsPublish(context: Context, options: DNSPublishOptions): Promise<ExitCode> {
  const { as } = options;
  const style = STYLES.find((each) => each === as);
  if (as !== undefined && style === undefined) {
    const near = nearest(as, STYLES) ?? '';
    const what = 'The form of the records';
    const problem = badValue({ what, found: as, allowed: STYLES.join(', '), nearest: near });
    return fail(context, problem, EXIT.usage);
  }
  const wish = await dnsWish(context, options);
  if (!wish.ok) return fail(context, wish.error, EXIT.usage);
  const { endpoints, cacert, cert, key } = options;
  const given = endpoints === undefined ? ok(undefined) : readEndpoints(endpoints);
  if (!given.ok) return fail(context, given.error, EXIT.usage);
  const { bootstrap } = wish.value.spec;
  const inSpec = bootstrap.kind === 'dns' ? bootstrap.publish?.rfc2136 : undefined;
  const target = style === undefined ? targetOf(options, inSpec) : ok(undefined);
  if (!target.ok) return fail(context, target.error, EXIT.usage);
  const files = { cacert, cert, key };
  const now = await dnsNow(context, wish.value, {
    ...files,
    endpoints: given.value,
  });
  if (!now.ok) {
    const isSeen = now.error.some(({ code }) => code === 'dns-members-unknown');
    return fail(context, now.error, isSeen ? EXIT.failed : EXIT.usage);
  }
  const { dns, listed } = now.value;
  if (target.value === undefined) return await print(context, dns, style ?? 'zone');
  const ports = await context.ports.dns();
  const outcome = await ports.publish({
    dns,
    listed,
    ...files,
    ...target.value,
    dryRun: options.dryRun === true,
  });
  switch (outcome.kind) {
    case 'applied':
      await show(context, publishedView, outcome.value);
      return EXIT.done;
    case 'refused':
    case 'unknown':
      return fail(context, outcome.problem);
  }
}

async function print(context: Context, dns: ClusterDNS, style: DNSStyle): Promise<ExitCode> {
  const { renderDNS, dnsFlags } = await import('../../../core/bootstrap/index.js');
  if (style === 'hosts') {
    tell(
      context,
      'note: a hosts file has no SRV records: it keeps a running cluster, and cannot bear one',
    );
  }
  const text = renderDNS(dns, style);
  await show(context, recordsView, { dns, flags: dnsFlags(dns.place), text });
  return EXIT.done;
}

interface Where {
  readonly server: string;
  readonly zone: string | undefined;
  readonly tsigKeyFile: string;
}

function targetOf(
  { server, zone, keyFile }: DNSPublishOptions,
  inSpec: Partial<Where> | undefined,
): Result<Where, Problem> {
  const where = server ?? inSpec?.server;
  const tsigKeyFile = keyFile ?? inSpec?.tsigKeyFile;
  if (where === undefined || tsigKeyFile === undefined) {
    const missing = where === undefined ? 'the server' : 'the file with the key';
    const message = `Nobody said where to publish: ${missing} is missing`;
    const hint =
      'Give --server and --key-file, or in the spec:\n  publish: { rfc2136: { server: …, tsigKeyFile: … } }';
    return err(usage({ message, hint }));
  }
  return ok({ server: where, zone: zone ?? inSpec?.zone, tsigKeyFile });
}
