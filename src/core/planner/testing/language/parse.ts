import { CommandError } from './scene.js';

/** One command line of a scenario. */
export interface CommandLine {
  readonly line: number;
  readonly name: string;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** Commands up to a line `----`, and what they are expected to say. */
export interface Block {
  readonly commands: readonly CommandLine[];
  readonly expected: string;
  /** The lines of the file that hold `expected`: [from, to). */
  readonly answer: readonly [number, number];
}

const SEPARATOR = '----';

/** Reads a scenario: comments (`#`), commands one a line, `----`, the expected text up to a blank line. */
export function parseScenario(text: string): readonly Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let commands: CommandLine[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? '').trimEnd();
    if (line === SEPARATOR) {
      if (commands.length === 0) throw new ScenarioError(at + 1, 'no command stands before ----');
      const from = at + 1;
      let to = from;
      while (to < lines.length && lines[to]?.trimEnd() !== '') to++;
      blocks.push({ commands, expected: lines.slice(from, to).join('\n'), answer: [from, to] });
      commands = [];
      at = to;
    } else if (line !== '' && !line.startsWith('#')) {
      commands.push(parseCommand(line, at + 1));
    }
  }
  const [left] = commands;
  if (left !== undefined) {
    throw new ScenarioError(left.line, `a line ---- is missing after "${left.name}"`);
  }
  return blocks;
}

/** The same file with other answers, one for each block. */
export function withAnswers(text: string, blocks: readonly Block[], answers: readonly string[]) {
  const lines = text.split('\n');
  for (const [i, { answer }] of [...blocks.entries()].reverse()) {
    lines.splice(answer[0], answer[1] - answer[0], ...(answers[i] ?? '').split('\n'));
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

const WORD = /[^\s=()]+=\([^()]*\)|\S+/g;

function parseCommand(line: string, number: number): CommandLine {
  const [name = '', ...rest] = line.match(WORD) ?? [];
  const options = new Map<string, readonly string[]>();
  const words: string[] = [];
  for (const word of rest) {
    const [, key, value = ''] = /^([a-z-]+)=(\([^()]*\)|[^()=]+)$/.exec(word) ?? [];
    if (key === undefined) {
      if (/[()=]/.test(word)) throw new ScenarioError(number, `${name}: cannot read "${word}"`);
      words.push(word);
    } else if (options.has(key)) {
      throw new ScenarioError(number, `${name}: ${key}= is given twice`);
    } else {
      options.set(
        key,
        value
          .replace(/^\(|\)$/g, '')
          .split(/\s+/)
          .filter(isNotEmpty),
      );
    }
  }
  return { line: number, name, words, options };
}

const isNotEmpty = (text: string): boolean => text !== '';

/** A scenario that cannot be read or carried out: the line, and why. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly line: number;
  constructor(line: number, why: string) {
    super(`line ${line}: ${why}`);
    this.line = line;
  }
}

/** What a command reads its words and options with; what it does not take is an error. */
export interface Args {
  readonly words: readonly string[];
  /** `key=(a b)` or `key=a`; undefined when it is not given. */
  list(key: string): readonly string[] | undefined;
  /** `key=a`; undefined when it is not given. */
  value(key: string): string | undefined;
  /** `key=(a:1 b:2)`. */
  pairs(key: string): readonly (readonly [string, string])[];
  has(word: string): boolean;
}

export const argsOf = ({ words, options }: CommandLine): Args => ({
  words,
  list: (key) => options.get(key),
  value: (key) => {
    const values = options.get(key);
    if (values === undefined) return undefined;
    const [value] = values;
    if (value === undefined || values.length > 1) throw new CommandError(`${key}= takes one value`);
    return value;
  },
  pairs: (key) =>
    (options.get(key) ?? []).map((pair) => {
      const [left = '', right = '', ...more] = pair.split(':');
      if (left === '' || right === '' || more.length > 0) {
        throw new CommandError(`${key}= takes pairs, as in ${key}=(a:1 b:2)`);
      }
      return [left, right] as const;
    }),
  has: (word) => words.includes(word),
});
