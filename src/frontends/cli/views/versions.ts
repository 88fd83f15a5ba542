import type { JsonValue } from '../../../base/index.js';
import type { VersionAtHand, VersionOffer } from '../ports.js';
import { problemData } from './problems.js';
import { table } from './table.js';
import type { View } from './view.js';

export interface VersionsReport {
  readonly atHand: readonly VersionAtHand[];
  readonly offers: readonly VersionOffer[];
}

/** Of a long list the newest are enough for people; scripts get all. */
const SHOWN_MAX = 8;

const foundData = ({ program, version, path, source }: VersionAtHand): JsonValue => ({
  program,
  version,
  path,
  source,
});

export const versionsView: View<VersionsReport> = {
  text: ({ atHand, offers }, style) => {
    const here =
      atHand.length === 0
        ? 'nothing at hand yet\n'
        : table([
            ['VERSION', 'PROGRAM', 'FROM', 'PATH'].map((word) => style.dim(word)),
            ...atHand.map(({ version, program, source, path }) => [version, program, source, path]),
          ]);
    const rows = offers.map(({ source, versions, problem }) => {
      const more = versions.length - SHOWN_MAX;
      const list = versions.slice(0, SHOWN_MAX).join(' ') + (more > 0 ? ` and ${more} more` : '');
      return [source, versions.length === 0 ? style.dim(problem?.summary ?? 'nothing') : list];
    });
    const there =
      rows.length === 0
        ? ''
        : `\n${table([['SOURCE', 'COULD BE HAD'].map((word) => style.dim(word)), ...rows])}`;
    return here + there;
  },
  data: ({ atHand, offers }) => ({
    atHand: atHand.map(foundData),
    available: offers.map(({ source, versions, problem }) => ({
      source,
      versions,
      ...(problem === undefined ? {} : { problem: problemData(problem) }),
    })),
  }),
};

export const knownWord: View<readonly VersionAtHand[]> = {
  text: (found) => table(found.map(({ version, program, path }) => [version, program, path])),
  data: (found) => ({ atHand: found.map(foundData) }),
};
