import { execFile } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import { instantOf } from '../../base/index.js';
import { type ProcessTable, type SeenProcess, dataDirFlag } from './process-table.js';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 8 * 1024 * 1024;
const PS_TIMEOUT_MS = 5000;

/**
 * For systems without /proc. `ps` gives start times in whole seconds and command lines split at blanks, so paths
 * with blanks are not recognised here.
 */
export function psProcessTable(): ProcessTable {
  return {
    look: async (pid) => (await list(['-p', String(pid)]))[0],
    // A start time in full, year included, does not repeat after a boot.
    isOfThisBoot: () => Promise.resolve(true),
    withDataDir: async () => (await list(['-A'])).filter((seen) => seen.dataDir !== ''),
  };
}

async function list(which: readonly string[]): Promise<readonly SeenProcess[]> {
  const columns = ['-ww', ...which, '-o', 'pid=,stat=,lstart=,command='];
  try {
    const { stdout } = await run('ps', columns, {
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      maxBuffer: OUTPUT_BYTES_MAX,
      timeout: PS_TIMEOUT_MS,
    });
    return stdout.split('\n').flatMap(parsePsLine);
  } catch (error) {
    // `ps -p` ends with 1 and prints nothing when there is no such process.
    const { code, stdout } = error as { code?: unknown; stdout?: unknown };
    if (code === 1 && stdout === '') return [];
    throw error;
  }
}

const LINE = /^\s*(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/;

/** One line of `ps -o pid=,stat=,lstart=,command=`, or nothing for a zombie or a line that is none. */
export function parsePsLine(line: string): readonly SeenProcess[] {
  const [, pid, state = '', startMark = '', command = ''] = LINE.exec(line) ?? [];
  if (pid === undefined || state.startsWith('Z')) return [];
  const args = command.split(/\s+/);
  const dataDir = dataDirFlag(args);
  return [
    {
      pid: Number(pid),
      startMark,
      startedAt: instantOf(Date.parse(`${startMark} UTC`)),
      arguments: args,
      dataDir: isAbsolute(dataDir) ? dataDir : '',
      isEnding: false,
    },
  ];
}
