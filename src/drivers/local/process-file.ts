import { type Instant, type Logger, instantOf } from '../../base/index.js';
import { parseEtcdVersion } from '../../core/cluster/index.js';
import type { EndedLife } from '../evidence/index.js';
import { readIfPresent, writeWhole } from '../../disk/index.js';
import {
  ShapeError,
  fields,
  oneOf,
  optional,
  record,
  text,
  wholeNumber,
} from '../records/index.js';

/**
 * What we know of the last life of a member's process. Written before the spawn (without pid) and after it, so that
 * a crash of ours between the two is seen. Not made durable: after a power cut there is no process to remember.
 */
export interface Life extends EndedLife {
  /** Where this life's part of the log begins. */
  readonly logOffset: number;
  readonly pid?: number;
  readonly startMark?: string;
}

/** The last life, or undefined when there is none or the file is damaged: the process table knows what runs anyway. */
export async function readLife(path: string, logger: Logger): Promise<Life | undefined> {
  const content = await readIfPresent(path);
  if (content === undefined) return undefined;
  try {
    return parseLife(JSON.parse(content));
  } catch (error) {
    if (!(error instanceof ShapeError) && !(error instanceof SyntaxError)) throw error;
    logger.log('warn', 'a damaged process file is ignored', { path, because: error.message });
    return undefined;
  }
}

export const writeLife = (path: string, life: Life): Promise<void> =>
  writeWhole(path, `${JSON.stringify(life, undefined, 2)}\n`, { durable: false });

function parseLife(value: unknown): Life {
  const data = fields(value, 'the file');
  const launch = fields(data['launch'], 'launch');
  const version = parseEtcdVersion(text(launch['version'], 'launch.version'));
  if (version === undefined) throw new ShapeError('launch.version is no version');
  return {
    launch: {
      purpose: oneOf(launch['purpose'], ['birth', 'join', 'restart'], 'launch.purpose'),
      version,
      flags: record(launch['flags'], 'launch.flags', text),
    },
    spawnedAt: instant(data['spawnedAt'], 'spawnedAt'),
    logOffset: wholeNumber(data['logOffset'], 'logOffset'),
    shortLivesBefore: wholeNumber(data['shortLivesBefore'], 'shortLivesBefore'),
    ...optional(data, 'pid', wholeNumber),
    ...optional(data, 'startMark', text),
    ...optional(data, 'askedAt', instant),
    ...optional(data, 'endedAt', instant),
  };
}

const instant = (value: unknown, where: string): Instant => instantOf(wholeNumber(value, where));
