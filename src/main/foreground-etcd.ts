import { spawn } from 'node:child_process';
import { type Result, err, ok } from '../base/index.js';
import { type StartFlags, argumentsOf } from '../core/cluster/index.js';
import { classify, problemOfExit } from '../drivers/evidence/index.js';
import { makeDirectory } from '../disk/index.js';
import { environment, localProblems } from '../drivers/local/index.js';
import { type EtcdEnd, type EtcdProcess, hintFor } from '../services/join/index.js';

/** What is kept of its log, to say why it ended. */
const TAIL_LENGTH = 128 * 1024;
const HERE = 'this host';

export interface ForegroundEtcd {
  readonly binary: string;
  readonly flags: StartFlags;
  readonly dataDir: string;
  /** What it logs, as it comes. */
  readonly onLog: (text: string) => void;
}

/**
 * An etcd that is a child of ours and shares our terminal, as if it had been started itself. Its log passes through us,
 * so that it cannot go on for long when we are killed: its next line finds nobody.
 */
export async function startForegroundEtcd(options: ForegroundEtcd): Promise<Result<EtcdProcess>> {
  const { binary, flags, dataDir, onLog } = options;
  try {
    await makeDirectory(dataDir);
  } catch (error) {
    return err(localProblems.directoryProblem('make the data directory', dataDir, error));
  }
  const child = spawn(binary, argumentsOf(flags), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(process.env),
  });
  let tail = '';
  const take = (text: string): void => {
    tail = `${tail}${text}`.slice(-TAIL_LENGTH);
    onLog(text);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const ended = new Promise<EtcdEnd>((resolve) => {
    child.once('close', () => resolve(endOf(tail, dataDir)));
  });
  const started = new Promise<Result<EtcdProcess>>((resolve) => {
    child.once('error', ({ message }) =>
      resolve(err(localProblems.binaryNotRunnable({ host: HERE, path: binary, because: message }))),
    );
    child.once('spawn', () => resolve(ok({ ended, stop: () => void child.kill('SIGTERM') })));
  });
  return started;
}

function endOf(tail: string, dataDir: string): EtcdEnd {
  const { reason, words } = classify({ tail });
  const problem = problemOfExit(reason, { host: HERE, words, seeLog: '', dataDir, there: '' });
  return { reason, problem: { ...problem, hint: hintFor(reason) ?? problem.hint } };
}
