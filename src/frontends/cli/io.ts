/** The terminal, as an argument: results go to `out`, progress and problems for people to `err`. */
export interface CliIO {
  out(text: string): void;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** False: nobody is there to answer, so nothing is ever asked. */
  readonly canAsk: boolean;
  /** Width of the terminal; what is not a terminal has no width. */
  readonly columns: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prints the question to `err` and answers one line, without its line break. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Calls `handler` at each Ctrl-C (or SIGTERM) until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
}

/** Marks for people. Without colour every function gives back its argument. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
}

const same = (text: string): string => text;
export const plainStyle: Style = { bold: same, dim: same, good: same, warn: same, bad: same };

const sgr =
  (code: number) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`;

export const colourStyle: Style = {
  bold: sgr(1),
  dim: sgr(2),
  good: sgr(32),
  warn: sgr(33),
  bad: sgr(31),
};

/** No colour without a terminal or with `NO_COLOR` (any value that is not empty). */
export function styleFor(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return isTerminal && !refused ? colourStyle : plainStyle;
}
