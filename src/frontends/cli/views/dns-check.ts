import type { Problem } from '../../../base/index.js';
import { problemData, problemsView } from './problems.js';
import type { View } from './view.js';

export interface DNSCheckReport {
  readonly domain: string;
  readonly places: readonly {
    readonly place: string;
    readonly server: string;
    readonly asked: number;
  }[];
  /** Targets of members that do not run yet. */
  readonly certificatesUnseen: readonly string[];
  /** What a host could not be asked, and why. */
  readonly unasked: readonly {
    readonly host: string;
    readonly what: string;
    readonly because: string;
  }[];
  readonly problems: readonly Problem[];
}

const WHAT: Readonly<Record<string, string>> = {
  srv: 'the services',
  addresses: 'the addresses of names',
};

export const dnsCheckView: View<DNSCheckReport> = {
  text: ({ domain, places, certificatesUnseen, unasked, problems }, style) =>
    [
      ...places.map(
        ({ place, server, asked }) => `${asked} questions from ${place} to ${server}\n`,
      ),
      certificatesUnseen.length === 0
        ? ''
        : `certificates not seen, nobody listens yet: ${certificatesUnseen.join(', ')}\n`,
      ...unasked.map(
        ({ host, what, because }) =>
          `${style.warn('not asked:')} ${host} for ${WHAT[what] ?? what}, because ${because}\n`,
      ),
      problems.length === 0
        ? `${style.good('well:')} ${unasked.length === 0 ? '' : 'as far as it was asked, '}members that start now find each other under ${style.bold(domain)}\n`
        : problemsView.text(problems, style),
    ].join(''),
  data: ({ domain, places, certificatesUnseen, unasked, problems }) => ({
    domain,
    places: places.map(({ place, server, asked }) => ({ place, server, asked })),
    certificatesUnseen: [...certificatesUnseen],
    unasked: unasked.map(({ host, what, because }) => ({ host, what, because })),
    problems: problems.map(problemData),
  }),
};
