import type { Instant } from '../../base/index.js';

/** A process that lives now; one of which nothing is left but its entry (a zombie) is not in the table. */
export interface SeenProcess {
  readonly pid: number;
  /**
   * Together with the pid it names this process and no later one: on Linux the boot id and the kernel's start time.
   */
  readonly startMark: string;
  readonly startedAt: Instant;
  /** The command line, program first. Exact on Linux; split at blanks elsewhere. */
  readonly arguments: readonly string[];
  /** The `data-dir` flag of its command line as an absolute path; '' when it has none. */
  readonly dataDir: string;
  /**
   * It was killed and some of its threads are still ending: it holds its ports and files until they are gone, and its
   * command line can no longer be read.
   */
  readonly isEnding: boolean;
}

/** The machine's processes, as far as we need them. Throws when the table itself cannot be read. */
export interface ProcessTable {
  look(pid: number): Promise<SeenProcess | undefined>;
  /** Those with a `data-dir` flag on their command line, whoever started them. */
  withDataDir(): Promise<readonly SeenProcess[]>;
  /** False when the mark is of an earlier boot of the machine: that process is gone for certain. */
  isOfThisBoot(startMark: string): Promise<boolean>;
}

/** The value of `--data-dir` in any spelling etcd accepts, as written; '' when there is none. */
export function dataDirFlag(commandLine: readonly string[]): string {
  for (let i = 1; i < commandLine.length; i++) {
    const match = /^--?data-dir(?:=(.*))?$/s.exec(commandLine[i] ?? '');
    if (match !== null) return match[1] ?? commandLine[i + 1] ?? '';
  }
  return '';
}
