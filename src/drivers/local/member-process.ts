import { errnoOf } from '../../disk/index.js';
import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type StartFlags, argumentsOf } from '../../core/cluster/index.js';
import type { MemberPaths } from './layout.js';
import type { Life } from './process-file.js';
import type { ProcessTable, SeenProcess } from './process-table.js';

export type Found =
  | { readonly kind: 'ours'; readonly process: SeenProcess; readonly flags: StartFlags }
  | { readonly kind: 'by-hand'; readonly process: SeenProcess }
  | { readonly kind: 'none' };

/**
 * The process that uses this member's data directory, if any. The recorded one is recognised by pid and start mark
 * and data directory, never by pid alone. When that one is gone, every process of the machine is looked at: we may
 * have died between spawn and record, and somebody may have started etcd on this directory by hand.
 */
export async function findProcess(
  table: ProcessTable,
  paths: MemberPaths,
  life: Life | undefined,
): Promise<Found> {
  const real = await realDirectory(paths.directory);
  // A directory that is not there is used by nobody, and a whole cluster comes up without a look at every process.
  if (real === undefined) return { kind: 'none' };
  // As we write it, and as the file system does when a part of the path is a symbolic link.
  const dataDirs = new Set([paths.dataDir, join(real, basename(paths.dataDir))]);
  if (life?.pid !== undefined) {
    const seen = await table.look(life.pid);
    if (seen !== undefined && seen.startMark === life.startMark) {
      if (seen.isEnding) return { kind: 'ours', process: seen, flags: life.launch.flags };
      if (dataDirs.has(seen.dataDir)) {
        return { kind: 'ours', process: seen, flags: flagsOf(seen.arguments) };
      }
    }
  }
  const users = (await table.withDataDir()).filter((seen) => dataDirs.has(seen.dataDir));
  const ours = users.find(isOfOurMaking);
  if (ours !== undefined) return { kind: 'ours', process: ours, flags: flagsOf(ours.arguments) };
  const stranger = users[0];
  return stranger === undefined ? { kind: 'none' } : { kind: 'by-hand', process: stranger };
}

async function realDirectory(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** We give every flag as `--name=value`, sorted; hardly a person does that. */
function isOfOurMaking(seen: SeenProcess): boolean {
  const given = seen.arguments.slice(1);
  const ours = argumentsOf(flagsOf(seen.arguments));
  return given.length === ours.length && given.every((argument, i) => argument === ours[i]);
}

/** The flags of a command line of ours. */
export function flagsOf(commandLine: readonly string[]): StartFlags {
  const flags: Record<string, string> = {};
  for (const argument of commandLine.slice(1)) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(argument) ?? [];
    if (name !== undefined && value !== undefined) flags[name] = value;
  }
  return flags;
}
