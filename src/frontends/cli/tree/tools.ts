import { type Command, Option } from 'commander';
import type { Context } from '../context.js';
import type { ExitCode } from '../exit-codes.js';

/** What a command does once its line was read. */
export type Handler = (context: Context) => Promise<ExitCode>;

/** What the parts of the tree are built with. */
export interface Tools {
  readonly act: (
    load: (args: Arguments) => Promise<Handler>,
    extraFormats?: readonly string[],
  ) => (...parsed: readonly unknown[]) => Promise<void>;
}

/** What was typed, read by place and by name. Options keep the types that the tree gives them. */
export class Arguments {
  readonly #values: readonly unknown[];
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(values: readonly unknown[], options: Readonly<Record<string, unknown>>) {
    this.#values = values;
    this.#options = options;
  }

  /** An argument that the tree requires. */
  text(at: number): string {
    return String(this.#values[at]);
  }

  optionalText(at: number): string | undefined {
    const value = this.#values[at];
    return typeof value === 'string' ? value : undefined;
  }

  texts(at: number): readonly string[] {
    const value = this.#values[at];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** Every option of the command. The tree below is where their names and types are written down. */
  options<T extends object>(): T {
    return this.#options as T;
  }
}

/** Options that every command takes, before or after its name. */
export function common(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'text, json or yaml'))
    .addOption(new Option('-c, --cluster <name>', 'the cluster meant (or QUORATE_CLUSTER)'))
    .addOption(new Option('-q, --quiet', 'no progress'))
    .addOption(new Option('--no-color', 'no colour (or NO_COLOR)'));
}

/** For an option that may be given several times. */
export const repeated = (value: string, before: readonly string[]): readonly string[] => [
  ...before,
  value,
];

const TIMEOUT = '5m';

/** For commands that wait for the cluster. */
export const waits = (command: Command, timeout = TIMEOUT): Command =>
  command.option('--timeout <duration>', 'how long to wait before giving up', timeout);

export const SPEC_FILE = '-f, --file <file>';

/** For commands about a cluster that exists: its spec file names it, and says how its hosts are reached. */
export const ofCluster = (command: Command): Command =>
  common(command).option(SPEC_FILE, 'the cluster of this spec file; it is not applied');

export const OFFLINE = '--offline';
export const OFFLINE_HELP = 'use only the etcd that is at hand';

export const SKIP_HOSTS_CHECK = '--skip-hosts-check';
export const SKIP_HOSTS_CHECK_HELP = 'take hosts that are new as they are, without a look at them';

export const TAKE_OVER = '--take-over <token>';
export const TAKE_OVER_HELP = 'from another seat that hangs, as the message about it says';
export const YES = '--yes <name>';
export const YES_HELP = "confirm what takes something away, by the cluster's name";
