import { type Result, err, ok } from '../../base/index.js';
import { type EtcdMinor, SUPPORTED_MINORS, type StartFlags } from '../cluster/index.js';
import { type FlagInfo, flagInfo } from '../spec/index.js';
import { flagsOfConfigFile } from './config-file.js';

/** What a process that somebody else started was started with. */
export interface ProcessWords {
  /** Its command line, the program first. */
  readonly words: readonly string[];
  /** `ETCD_NAME=infra0`: the variables of its environment that etcd may read. */
  readonly environment: readonly string[];
  /** The text of its configuration file; absent: it has none. */
  readonly config?: string;
}

/**
 * Every flag that the process was started with, from wherever etcd takes it: a configuration file makes it ignore everything
 * else, and a variable counts where no flag is given (etcd-facts 9.4). The error says what could not be read.
 */
export function flagsOfProcess(
  { words, environment, config }: ProcessWords,
  minor: EtcdMinor,
): Result<StartFlags, string> {
  const typed = flagsOfCommandLine(words, minor);
  if (!typed.ok) return typed;
  const given = { ...flagsOfEnvironment(environment, minor), ...typed.value };
  if ((given['config-file'] ?? '') === '') return ok(given);
  return config === undefined
    ? err(`its configuration file ${given['config-file'] ?? ''} cannot be read`)
    : flagsOfConfigFile(config, minor);
}

/** As Go's flag package reads it: one dash or two, `=value` or the next word, and no word for true. */
export function flagsOfCommandLine(
  words: readonly string[],
  minor: EtcdMinor,
): Result<StartFlags, string> {
  const flags: Record<string, string> = {};
  for (let i = 1; i < words.length; i++) {
    const word = words[i] ?? '';
    const [, name, value] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) return err(`its command line has "${word}" where a flag belongs`);
    const info = infoOf(name, minor);
    if (info === undefined)
      return err(`its command line has --${name}, which no etcd ${minor} has`);
    if (value !== undefined) flags[name] = valueOf(info, value);
    else if (info.type === 'bool') flags[name] = 'true';
    else flags[name] = words[++i] ?? '';
  }
  return ok(flags);
}

/** Variables that this etcd does not know say nothing to it. */
export function flagsOfEnvironment(lines: readonly string[], minor: EtcdMinor): StartFlags {
  const flags: Record<string, string> = {};
  for (const line of lines) {
    const [, variable, value] = /^ETCD_([A-Z0-9_]+)=(.*)$/s.exec(line) ?? [];
    if (variable === undefined || value === undefined || value === '') continue;
    const name = variable.toLowerCase().replaceAll('_', '-');
    const info = flagInfo(minor, name);
    if (info !== undefined) flags[name] = valueOf(info, value);
  }
  return flags;
}

/** A flag that only other minors have is still read as what it is there. */
const infoOf = (name: string, minor: EtcdMinor): FlagInfo | undefined =>
  flagInfo(minor, name) ??
  SUPPORTED_MINORS.map((each) => flagInfo(each, name)).find((info) => info !== undefined);

/** As Go's ParseBool reads it. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

function valueOf({ type }: FlagInfo, text: string): string {
  if (type !== 'bool') return text;
  return TRUE.has(text) ? 'true' : FALSE.has(text) ? 'false' : text;
}
