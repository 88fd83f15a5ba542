import { type Result, err, ok } from '../../../base/index.js';
import { type Spot, type SpotFault, onlyOne } from './spot.js';
import { type Word, flagSpots, spotIn, wordsIn } from './words.js';

/** A file that makes a systemd service what it is, in the order in which systemd reads them. */
export interface UnitText {
  readonly path: string;
  readonly kind: 'unit' | 'environment';
  readonly text: string;
}

/** A value in one of several files. */
export interface FileSpot {
  readonly path: string;
  readonly spot: Spot;
}

/**
 * The value of a flag as the service gets it: on its command line, in a variable that stands for it there (`${ETCD}`), among
 * the flags that a variable holds (`$OPTIONS`), or in the variable that the program reads by itself.
 */
export function spotInUnit(
  files: readonly UnitText[],
  flag: string,
  ownVariable?: string,
): Result<FileSpot, SpotFault> {
  const commands = commandsOf(files);
  const variables = variablesOf(files);
  const where = files.map(({ path }) => path).join(', ');
  const onCommandLine = commands.flatMap(({ file, words }) =>
    flagSpots(file.text, words, flag).map((spot) => ({ path: file.path, spot })),
  );
  const [written, second] = onCommandLine;
  if (second !== undefined) return err(`--${flag} stands more than once in ${where}`);
  if (written !== undefined) {
    const { value } = written.spot;
    if (!value.includes('$')) return ok(written);
    const name = /^\$(?:\{(\w+)\}|(\w+))$/.exec(value);
    const variable = name === null ? undefined : variables.get(name[1] ?? name[2] ?? '');
    return variable === undefined
      ? err(`--${flag}=${value} names a variable that does not stand in ${where}`)
      : ok({ path: variable.file.path, spot: variable.spot });
  }
  for (const name of namedIn(commands)) {
    const variable = variables.get(name);
    if (variable === undefined) continue;
    const { file, spot } = variable;
    const flags = flagSpots(file.text, wordsIn(file.text, spot.start, spot.end), flag);
    if (flags.length === 0) continue;
    const found = onlyOne(flags, flag, `${name} in ${file.path}`);
    return found.ok ? ok({ path: file.path, spot: found.value }) : found;
  }
  const own = ownVariable === undefined ? undefined : variables.get(ownVariable);
  if (own !== undefined) return ok({ path: own.file.path, spot: own.spot });
  return err(
    `neither --${flag}${ownVariable === undefined ? '' : ` nor ${ownVariable}`} stands in ${where}`,
  );
}

interface Command {
  readonly file: UnitText;
  readonly words: readonly Word[];
}

/** Every `ExecStart=` that counts: an empty one takes back those before it. */
function commandsOf(files: readonly UnitText[]): readonly Command[] {
  let commands: Command[] = [];
  for (const file of files) {
    if (file.kind !== 'unit') continue;
    for (const { start, end } of entriesIn(file.text, 'ExecStart')) {
      const words = wordsIn(file.text, start, end);
      commands = words.length === 0 ? [] : [...commands, { file, words }];
    }
  }
  return commands;
}

interface Variable {
  readonly file: UnitText;
  readonly spot: Spot;
}

/** What is set last counts, and what stands in environment files counts more than what the unit sets. */
function variablesOf(files: readonly UnitText[]): ReadonlyMap<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const file of files.filter(({ kind }) => kind === 'unit')) {
    for (const { start, end } of entriesIn(file.text, 'Environment')) {
      for (const word of wordsIn(file.text, start, end)) {
        const at = word.value.indexOf('=');
        const spot = spotIn(file.text, word, at + 1);
        if (at > 0 && spot !== undefined) variables.set(word.value.slice(0, at), { file, spot });
      }
    }
  }
  for (const file of files.filter(({ kind }) => kind === 'environment')) {
    for (const { name, spot } of assignmentsIn(file.text)) variables.set(name, { file, spot });
  }
  return variables;
}

const namedIn = (commands: readonly Command[]): readonly string[] =>
  commands.flatMap(({ words }) =>
    words.flatMap(({ value }) => {
      const match = /^\$(?:\{(\w+)\}|(\w+))$/.exec(value);
      return match === null ? [] : [match[1] ?? match[2] ?? ''];
    }),
  );

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The values of a key in `[Service]`, lines that go on included. */
function entriesIn(text: string, key: string): readonly Range[] {
  const entries: Range[] = [];
  let section = '';
  for (const { start, end } of logicalLines(text)) {
    const line = text.slice(start, end);
    const header = /^\s*\[([^\]]*)\]\s*$/.exec(line);
    if (header !== null) section = header[1] ?? '';
    const head = new RegExp(`^\\s*${key}\\s*=`).exec(line);
    if (section === 'Service' && head !== null)
      entries.push({ start: start + head[0].length, end });
  }
  return entries;
}

/** `NAME=value` lines; the value without the quotes around it. */
function assignmentsIn(text: string): readonly { readonly name: string; readonly spot: Spot }[] {
  return logicalLines(text).flatMap(({ start, end }) => {
    const line = text.slice(start, end);
    const head = /^\s*(?:export\s+)?(\w+)=[ \t]*/.exec(line);
    if (head === null) return [];
    const body = line.slice(head[0].length).trimEnd();
    const quoted = /^(["'])([\s\S]*)\1$/.exec(body);
    const value = quoted?.[2] ?? body;
    const at = start + head[0].length + (quoted === null ? 0 : 1);
    return [{ name: head[1] ?? '', spot: { start: at, end: at + value.length, value } }];
  });
}

/** Lines with those that they go on in; comments are none. */
function logicalLines(text: string): readonly Range[] {
  const lines: Range[] = [];
  let open: number | undefined;
  let at = 0;
  while (at < text.length) {
    const lineBreak = text.indexOf('\n', at);
    const end = lineBreak < 0 ? text.length : lineBreak;
    const line = text.slice(at, end).replace(/\r$/, '');
    const isComment = /^\s*[#;]/.test(line);
    if (!isComment) {
      open ??= at;
      if (!line.endsWith('\\')) {
        lines.push({ start: open, end: at + line.length });
        open = undefined;
      }
    }
    at = end + 1;
  }
  if (open !== undefined) lines.push({ start: open, end: text.length });
  return lines;
}
