import { type Instant, type JsonValue, formatDurationMs } from '../../../base/index.js';
import type { CertificateFault } from '../../../core/cluster/index.js';
import type { KnownAuthorities } from '../certificate-ports.js';
import type { Style } from '../io.js';
import type { LeafReport } from '../reports/certificate-report.js';
import { table } from './table.js';
import type { View } from './view.js';

export interface CertificatesReport {
  readonly cluster: string;
  readonly now: Instant;
  readonly known: KnownAuthorities;
  readonly leafs: readonly LeafReport[];
}

export const certificatesView: View<CertificatesReport> = {
  text: (report, style) =>
    authoritiesTable(report, style) + leafsTable(report, style) + clientsTable(report, style),
  data: ({ cluster, known, leafs }) => ({
    cluster: { name: cluster },
    authorities: known.authorities.map(({ plane, fingerprint, subject, notAfter, issues }) => ({
      plane,
      fingerprint,
      subject,
      notAfter: iso(notAfter),
      issues,
    })),
    certificates: leafs.map(leafData),
    clients: known.clients.map(({ name, issuer, notAfter }) => ({
      name,
      issuer,
      notAfter: iso(notAfter),
    })),
  }),
};

export const leafData = (leaf: LeafReport): JsonValue => ({
  host: leaf.host,
  plane: leaf.plane,
  path: leaf.path,
  names: leaf.names,
  issuer: leaf.issuer ?? null,
  notAfter: leaf.notAfter === undefined ? null : iso(leaf.notAfter),
  renewAt: leaf.renewAt === undefined ? null : iso(leaf.renewAt),
  fault: leaf.fault ?? null,
});

export const iso = (at: Instant): string => new Date(at).toISOString();

const DAY_MS = 86_400_000;

/** `2027-11-26 (in 364 d)`; hours and minutes when there are no days left. */
export function dateText(at: Instant, now: Instant): string {
  const date = iso(at).slice(0, 10);
  const leftMs = at - now;
  if (leftMs <= 0) return `${date} (expired)`;
  const left = leftMs < 2 * DAY_MS ? formatDurationMs(leftMs) : `${Math.floor(leftMs / DAY_MS)} d`;
  return `${date} (in ${left})`;
}

const head = (style: Style, ...words: readonly string[]): readonly string[] =>
  words.map((word) => style.dim(word));

function authoritiesTable({ known, now }: CertificatesReport, style: Style): string {
  const rows = known.authorities.map(({ plane, fingerprint, notAfter, issues, subject }) => [
    plane,
    fingerprint.slice(0, 16),
    issues ? style.good('issues') : 'trusted',
    dateText(notAfter, now),
    subject,
  ]);
  return table([head(style, 'AUTHORITY', 'FINGERPRINT', 'STATE', 'UNTIL', 'SUBJECT'), ...rows]);
}

const STATE: Readonly<Record<CertificateFault, string>> = {
  'certificates-missing': 'missing',
  'certificates-expired': 'expired',
  'issuer-differs': 'other authority',
  'certificate-names-differ': 'lacks names',
  'certificates-due': 'due',
};

function leafsTable({ leafs, now }: CertificatesReport, style: Style): string {
  if (leafs.length === 0) return '';
  const rows = leafs.map((leaf) => [
    leaf.host,
    leaf.plane,
    stateText(leaf, style),
    leaf.notAfter === undefined ? '-' : dateText(leaf.notAfter, now),
    leaf.issuer?.slice(0, 16) ?? '-',
    leaf.names.join(','),
  ]);
  const first = head(style, 'HOST', 'SHOWN TO', 'STATE', 'UNTIL', 'ISSUER', 'NAMES');
  return `\n${table([first, ...rows])}`;
}

function stateText({ fault, because }: LeafReport, style: Style): string {
  if (fault !== undefined) return style.bad(STATE[fault]);
  return because === undefined ? style.good('well') : style.warn('not seen');
}

function clientsTable({ known, now }: CertificatesReport, style: Style): string {
  if (known.clients.length === 0) return '';
  const rows = known.clients.map(({ name, issuer, notAfter }) => [
    name,
    dateText(notAfter, now),
    issuer.slice(0, 16),
  ]);
  return `\n${table([head(style, 'CLIENT', 'UNTIL', 'ISSUER'), ...rows])}`;
}
