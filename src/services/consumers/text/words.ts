import type { Spot } from './spot.js';

/** A word of a command line, with the place of each of its characters in the text. */
export interface Word {
  readonly value: string;
  readonly offsets: readonly number[];
}

/**
 * The words of a command line between two places of a text, as a shell and systemd split them alike: quotes are taken off,
 * a backslash keeps what follows, and one at the end of a line goes on in the next. Comment lines in between (systemd) are
 * skipped. What differs between the two, such as `%` and `$`, is left as it is written.
 */
export function wordsIn(text: string, start: number, end: number): readonly Word[] {
  const words: Word[] = [];
  let value = '';
  let offsets: number[] = [];
  let isOpen = false;
  let quote = '';
  const close = () => {
    if (isOpen) words.push({ value, offsets });
    value = '';
    offsets = [];
    isOpen = false;
  };
  const take = (at: number) => {
    value += text[at] ?? '';
    offsets.push(at);
    isOpen = true;
  };
  for (let at = start; at < end; at++) {
    const char = text[at] ?? '';
    if (char === '\\' && quote !== "'") {
      if (text[at + 1] === '\n' || text.startsWith('\\\r\n', at)) {
        at = endOfBreak(text, text.indexOf('\n', at), end);
        if (quote === '') close();
      } else if (at + 1 < end) take(++at);
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else take(at);
    } else if (char === '"' || char === "'") {
      quote = char;
      isOpen = true;
    } else if (/\s/.test(char)) close();
    else take(at);
  }
  close();
  return words;
}

/** The last character of a line break that goes on: comment lines after it belong to it. */
function endOfBreak(text: string, lineBreak: number, end: number): number {
  const next = /^[ \t]*[#;][^\n]*\n/.exec(text.slice(lineBreak + 1, end));
  return next === null ? lineBreak : endOfBreak(text, lineBreak + next[0].length, end);
}

/** What stands in a word from a character on; undefined when quotes or backslashes are among it. */
export function spotIn(text: string, { value, offsets }: Word, from: number): Spot | undefined {
  const first = offsets[from];
  const last = offsets.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const spot = { start: first, end: last + 1, value: value.slice(from) };
  return text.slice(spot.start, spot.end) === spot.value ? spot : undefined;
}

/** Every value of a flag among the words: `--flag=V`, `-flag=V`, `--flag V`, `-flag V`. */
export function flagSpots(text: string, words: readonly Word[], flag: string): readonly Spot[] {
  return words.flatMap((word, i) => {
    const match = new RegExp(`^--?${flag}(=|$)`).exec(word.value);
    if (match === null) return [];
    const next = words[i + 1];
    const spot =
      match[1] === '='
        ? spotIn(text, word, match[0].length)
        : next === undefined
          ? undefined
          : spotIn(text, next, 0);
    return spot === undefined ? [] : [spot];
  });
}
