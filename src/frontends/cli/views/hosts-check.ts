import type { HostStanding, HostVerdict } from '../hosts-ports.js';
import type { Style } from '../io.js';
import { indent, table } from './table.js';
import type { View } from './view.js';

export interface HostsCheckReport {
  readonly cluster: string;
  readonly verdicts: readonly HostVerdict[];
}

const STANDINGS = ['ok', 'warning', 'problem', 'unseen'] as const satisfies readonly HostStanding[];

/** A host after the other, then the ways between them; of ways that are open, how many. */
export const hostsCheckView: View<HostsCheckReport> = {
  text: ({ cluster, verdicts }, style) => {
    const ofHosts = verdicts.filter(({ to }) => to === undefined);
    const ofPairs = verdicts.filter(({ to }) => to !== undefined);
    const hosts = [...new Set(ofHosts.map(({ host }) => host))];
    return [
      ...hosts.map((host) => {
        const own = ofHosts.filter((each) => each.host === host);
        return `${style.bold(host)}\n${lines(own, style, ({ check }) => check)}`;
      }),
      ofPairs.length === 0 ? '' : `${style.bold('between them')}\n${pairs(ofPairs, style)}`,
      `${cluster}: ${countText(verdicts)}\n`,
    ].join('');
  },
  data: ({ cluster, verdicts }) => ({
    cluster,
    counts: countsOf(verdicts),
    verdicts: verdicts.map(({ host, to, check, standing, summary, detail, hint }) => ({
      host,
      ...(to === undefined ? {} : { to }),
      check,
      standing,
      summary,
      detail,
      hint,
    })),
  }),
};

function pairs(verdicts: readonly HostVerdict[], style: Style): string {
  const open = verdicts.filter(({ standing }) => standing === 'ok');
  const rest = verdicts.filter(({ standing }) => standing !== 'ok');
  const folded = [...new Set(open.map(({ check }) => check))].map((check) => ({
    host: '',
    check,
    standing: 'ok' as const,
    summary: openText(check, open.filter((each) => each.check === check).length),
    detail: '',
    hint: '',
  }));
  return lines([...folded, ...rest], style, ({ host, to, check }) =>
    to === undefined ? check : `${host} → ${to}`,
  );
}

const openText = (check: string, count: number): string =>
  check === 'tls'
    ? `${count} handshake${count === 1 ? '' : 's'} of members`
    : `${count} way${count === 1 ? '' : 's'} to a port open`;

function lines(
  verdicts: readonly HostVerdict[],
  style: Style,
  named: (verdict: HostVerdict) => string,
): string {
  const heads = table(
    verdicts.map((each) => [mark(each.standing, style), named(each), each.summary]),
  ).split('\n');
  return verdicts
    .map(({ detail, hint }, at) => {
      const below = [detail, hint].filter((text) => text !== '').map((text) => `${text}\n`);
      return indent(`${heads[at] ?? ''}\n${indent(below.join(''), '    ')}`);
    })
    .join('');
}

function mark(standing: HostStanding, style: Style): string {
  switch (standing) {
    case 'ok':
      return style.good('ok');
    case 'warning':
      return style.warn('warning');
    case 'problem':
      return style.bad('problem');
    case 'unseen':
      return style.dim('not seen');
  }
}

const countsOf = (verdicts: readonly HostVerdict[]): Record<HostStanding, number> => {
  const of = (standing: HostStanding) =>
    verdicts.filter((verdict) => verdict.standing === standing).length;
  return { ok: of('ok'), warning: of('warning'), problem: of('problem'), unseen: of('unseen') };
};

function countText(verdicts: readonly HostVerdict[]): string {
  const counts = countsOf(verdicts);
  const words: Record<HostStanding, string> = {
    ok: 'well',
    warning: counts.warning === 1 ? 'warning' : 'warnings',
    problem: counts.problem === 1 ? 'problem' : 'problems',
    unseen: 'not seen',
  };
  return STANDINGS.filter((standing) => standing === 'problem' || counts[standing] > 0)
    .map((standing) => `${counts[standing]} ${words[standing]}`)
    .join(', ');
}
