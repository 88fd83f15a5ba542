import { join } from 'node:path';
import { type Result, err, ok } from '../../base/index.js';
import type { ClusterRecord } from '../../core/cluster/index.js';
import { parseRecord, parseText, stateDamaged } from '../records/index.js';
import { readIfPresent } from '../../disk/index.js';
import { directoryProblem } from './problems.js';

export const recordPath = (stateDir: string): string => join(stateDir, 'record.json');

/** The record of the cluster in this state directory; undefined when it has none. */
export const readRecordFile = (stateDir: string): Promise<Result<ClusterRecord | undefined>> =>
  readChecked(recordPath(stateDir), parseRecord);

/** Reads a file of ours as a whole: its value, undefined when there is none, or the problem that names it. */
export async function readChecked<T>(
  path: string,
  parse: (value: unknown) => T,
): Promise<Result<T | undefined>> {
  let content: string | undefined;
  try {
    content = await readIfPresent(path);
  } catch (error) {
    return err(directoryProblem('read the state', path, error));
  }
  if (content === undefined) return ok(undefined);
  const value = parseText(content, parse);
  return value.ok ? value : err(stateDamaged({ path, because: value.error }));
}
