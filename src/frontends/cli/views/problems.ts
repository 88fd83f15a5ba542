import { type JsonValue, type Problem } from '../../../base/index.js';
import type { View } from './view.js';
import { indent } from './table.js';

/** The one renderer of problems: what we could not do, what we saw, what to do. */
export const problemsView: View<readonly Problem[]> = {
  text: (problems, style) =>
    problems
      .map(
        (problem) =>
          `${style.bad('problem:')} ${style.bold(problem.summary)} ${style.dim(`[${problem.code}]`)}\n` +
          (problem.detail === '' ? '' : `${indent(problem.detail)}\n`) +
          (problem.hint === '' ? '' : `${indent(problem.hint)}\n`),
      )
      .join(''),
  data: (problems) => ({ problems: problems.map(problemData) }),
};

/** A problem as scripts read it; the field names are part of the contract. */
export const problemData = ({ code, summary, detail, hint, data }: Problem): JsonValue => ({
  code,
  summary,
  detail,
  hint,
  data,
});
