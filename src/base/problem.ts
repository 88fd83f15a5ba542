export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type ProblemData = { readonly [key: string]: JsonValue };

/** What a person reads. `hint` holds what to do; a command stands on a line of its own. */
export interface ProblemText {
  /** What we could not do, and to what. One line, no full stop needed. */
  readonly summary: string;
  /** What we saw, with numbers. May be empty. */
  readonly detail: string;
  /** What to do; commands each on their own line, indented by two spaces. May be empty. */
  readonly hint: string;
}

/** An expected failure, as data: code + data + the text derived from them. JSON-serialisable. */
export interface Problem extends ProblemText {
  readonly code: string;
  readonly data: ProblemData;
}

/** The factory of one problem code; calling it makes the Problem. */
export interface ProblemKind<D extends ProblemData> {
  (data: D): Problem;
  readonly code: string;
  /** True when `problem` was made by this factory. */
  readonly is: (problem: Problem) => boolean;
}

/**
 * Defines a problem code once: its data and the sentences derived from them.
 * Every code is listed in docs/problems.md; a test holds that both ways.
 *
 * @example
 * const quorumLost = defineProblem('quorum-lost', (d: { healthy: number; voters: number }) => ({ … }));
 */
export function defineProblem<D extends ProblemData>(
  code: string,
  explain: (data: D) => ProblemText,
): ProblemKind<D> {
  const make = (data: D): Problem => ({ code, data, ...explain(data) });
  return Object.assign(make, { code, is: (problem: Problem) => problem.code === code });
}

/** The problem as plain text: summary, detail, hint; no colour. */
export function renderProblem(problem: Problem): string {
  return [`${problem.summary} [${problem.code}]`, problem.detail, problem.hint]
    .filter((part) => part !== '')
    .join('\n');
}
