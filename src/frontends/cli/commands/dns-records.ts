import { nearest } from '../../../base/index.js';
import type { DNSStyle } from '../../../core/bootstrap/index.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { badValue } from '../problems.js';
import { recordsView } from '../views/dns-records.js';
import { type DNSOptions, dnsOf, dnsWish } from './dns-common.js';

export interface DNSRecordsOptions extends DNSOptions {
  readonly as: string;
}

const STYLES = ['zone', 'dig', 'hosts'] as const satisfies readonly DNSStyle[];

/** The records by which the members of a cluster find each other, and the flags that make them look. */
export async function dnsRecords(context: Context, options: DNSRecordsOptions): Promise<ExitCode> {
  const as = STYLES.find((each) => each === options.as);
  if (as === undefined) {
    const found = options.as;
    const near = nearest(found, STYLES) ?? '';
    const what = 'The form of the records';
    const problem = badValue({ what, found, allowed: STYLES.join(', '), nearest: near });
    return fail(context, problem, EXIT.usage);
  }
  const wish = await dnsWish(context, options);
  if (!wish.ok) return fail(context, wish.error, EXIT.usage);
  const dns = await dnsOf(wish.value, wish.value.members);
  if (!dns.ok) return fail(context, dns.error, EXIT.usage);
  const { renderDNS, dnsFlags } = await import('../../../core/bootstrap/index.js');
  await show(context, recordsView, {
    dns: dns.value,
    flags: dnsFlags(dns.value.place),
    text: renderDNS(dns.value, as),
  });
  return EXIT.done;
}
