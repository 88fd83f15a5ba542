import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';

import { type Clock, type Problem, type Result, err, ok } from '../../base/index.js';
import type { EtcdVersion } from '../../core/cluster/index.js';
import { syncPath } from '../../disk/index.js';
import { readJson, writeJson } from './files.js';
import type { Places } from './places.js';
import { binaryLies, cacheAltered } from './problems.js';
import { type SaidVersion, askVersion, sha256Of } from './prove.js';
import { type Env, isExecutableFile } from './run.js';
import { BINARY_NAMES, type BinaryName, type FetchSourceName, type FoundBinary } from './types.js';
import { hasShape } from './shape.js';
import { newestFirst } from './wish.js';

/** What stands beside each binary of the cache. Size and time of change tell whether it is still that binary. */
interface BinaryRecord {
  readonly name: BinaryName;
  readonly version: string;
  readonly sha256: string;
  /** Absent when somebody else put the binary there. */
  readonly source?: FetchSourceName | undefined;
  readonly gitSha?: string | undefined;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly recordedAtMs: number;
}

function isRecord(value: unknown): value is BinaryRecord {
  const shape = {
    name: BINARY_NAMES,
    version: 'text',
    sha256: /^[0-9a-f]{64}$/,
    gitSha: 'text?',
    sizeBytes: 'number',
    mtimeMs: 'number',
    recordedAtMs: 'number',
  } as const;
  return (
    hasShape(value, shape) &&
    (hasShape(value, { source: ['release', 'crate', 'go', 'debian'] }) ||
      (value as BinaryRecord).source === undefined)
  );
}

/** The binaries that were fetched before. */
export interface BinaryCache {
  /** The versions that have a directory, newest first; whether a binary is in it, `get` tells. */
  versions(): Promise<readonly EtcdVersion[]>;
  /**
   * The binary, when it is there and still the one of its record: one `stat` and one small read. One without a record
   * (copied there by hand) is asked for its version and gets one. Undefined when it is not there.
   */
  get(
    name: BinaryName,
    version: EtcdVersion,
    signal: AbortSignal,
  ): Promise<Result<FoundBinary, Problem> | undefined>;
  /** Puts a proven file in place, atomically, and its record beside it. Rejects when the file system refuses. */
  put(
    file: { readonly name: BinaryName; readonly path: string; readonly sha256: string },
    said: SaidVersion,
    source: FetchSourceName,
  ): Promise<FoundBinary>;
}

export function binaryCache(options: {
  readonly places: Places;
  readonly env: Env;
  readonly clock: Clock;
  readonly unique: () => string;
}): BinaryCache {
  const { places, env, clock } = options;

  async function write(
    file: { readonly name: BinaryName; readonly path: string; readonly sha256: string },
    said: SaidVersion,
    source: FetchSourceName | undefined,
  ): Promise<BinaryRecord> {
    const { size, mtimeMs } = await stat(file.path);
    const record: BinaryRecord = {
      name: file.name,
      version: said.version,
      sha256: file.sha256,
      ...(source === undefined ? {} : { source }),
      ...(said.gitSha === undefined ? {} : { gitSha: said.gitSha }),
      sizeBytes: size,
      mtimeMs,
      recordedAtMs: clock.now(),
    };
    await writeJson(places.record(file.name, said.version), record);
    return record;
  }

  /** The binary has no record, or its size or time differs from it. */
  async function examine(
    name: BinaryName,
    version: EtcdVersion,
    record: BinaryRecord | undefined,
    signal: AbortSignal,
  ): Promise<Result<FoundBinary, Problem>> {
    const path = places.binary(name, version);
    const sha256 = await sha256Of(path, signal);
    if (record !== undefined && record.sha256 !== sha256) {
      return err(cacheAltered({ path, wantedSha256: record.sha256, seenSha256: sha256 }));
    }
    const said = await askVersion(name, path, env, signal);
    if (!said.ok) return said;
    if (said.value.version !== version) {
      return err(
        binaryLies({ name, path, source: 'cache', wanted: version, printed: said.value.version }),
      );
    }
    // A cache that cannot be written (shared, read-only) still serves; it is only asked anew each time.
    await write({ name, path, sha256 }, said.value, record?.source).catch(() => undefined);
    return ok(found(path, { name, ...said.value, sha256, source: record?.source }));
  }

  return {
    versions: async () => newestFirst(await readdir(places.versionsDir).catch(() => [])),
    get: async (name, version, signal) => {
      const path = places.binary(name, version);
      const there = await stat(path).catch(() => undefined);
      if (there === undefined || !(await isExecutableFile(path))) return undefined;
      const read = await readJson(places.record(name, version));
      const record =
        isRecord(read) && read.version === version && read.name === name ? read : undefined;
      if (
        record !== undefined &&
        record.sizeBytes === there.size &&
        record.mtimeMs === there.mtimeMs
      ) {
        return ok(found(path, record));
      }
      return examine(name, version, record, signal);
    },
    put: async (file, said, source) => {
      const path = places.binary(file.name, said.version);
      await mkdir(places.versionDir(said.version), { recursive: true });
      await syncPath(file.path);
      // An old record must not speak for a new binary, not even for the instant between the two renames.
      await rm(places.record(file.name, said.version), { force: true });
      await rename(file.path, path);
      await write({ ...file, path }, said, source);
      await syncPath(places.versionDir(said.version));
      return { name: file.name, path, sha256: file.sha256, source, ...said };
    },
  };
}

const found = (
  path: string,
  record: {
    readonly name: BinaryName;
    readonly version: string;
    readonly sha256: string;
    readonly source?: FetchSourceName | undefined;
    readonly gitSha?: string | undefined;
  },
): FoundBinary => ({
  name: record.name,
  version: record.version,
  path,
  sha256: record.sha256,
  source: 'cache',
  ...(record.source === undefined ? {} : { origin: record.source }),
  ...(record.gitSha === undefined ? {} : { gitSha: record.gitSha }),
});
