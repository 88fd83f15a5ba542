import { type JsonValue, type Problem } from '../../../base/index.js';
import type { Style } from '../io.js';
import type { View } from './view.js';
import { indent } from './table.js';

/** The one renderer of problems: what we could not do, what we saw, what to do. */
export const problemsView: View<readonly Problem[]> = {
  text: (problems, style) => textOf(problems, style.bad('problem:'), style),
  data: (problems) => ({ problems: problems.map(problemData) }),
};

/** What somebody else changed: nothing that was asked for has failed. */
export const driftView = (drift: readonly Problem[], style: Style): string =>
  textOf(drift, style.warn('drift:'), style);

const textOf = (problems: readonly Problem[], word: string, style: Style): string =>
  problems
    .map(
      (problem) =>
        `${word} ${style.bold(problem.summary)} ${style.dim(`[${problem.code}]`)}\n` +
        (problem.detail === '' ? '' : `${indent(problem.detail)}\n`) +
        (problem.hint === '' ? '' : `${indent(problem.hint)}\n`),
    )
    .join('');

/** A problem as scripts read it; the field names are part of the contract. */
export const problemData = ({ code, summary, detail, hint, data }: Problem): JsonValue => ({
  code,
  summary,
  detail,
  hint,
  data,
});
