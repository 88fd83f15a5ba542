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
  readonly problems: readonly Problem[];
}

export const dnsCheckView: View<DNSCheckReport> = {
  text: ({ domain, places, certificatesUnseen, problems }, style) =>
    [
      ...places.map(
        ({ place, server, asked }) => `${asked} questions from ${place} to ${server}\n`,
      ),
      certificatesUnseen.length === 0
        ? ''
        : `certificates not seen, nobody listens yet: ${certificatesUnseen.join(', ')}\n`,
      problems.length === 0
        ? `${style.good('well:')} members that start now find each other under ${style.bold(domain)}\n`
        : problemsView.text(problems, style),
    ].join(''),
  data: ({ domain, places, certificatesUnseen, problems }) => ({
    domain,
    places: places.map(({ place, server, asked }) => ({ place, server, asked })),
    certificatesUnseen: [...certificatesUnseen],
    problems: problems.map(problemData),
  }),
};
