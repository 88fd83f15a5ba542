import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join, resolve } from 'node:path';

import { type Problem, type Result, err, ok } from '../../base/index.js';
import { readJson, writeJson } from './files.js';
import type { Places } from './places.js';
import { binaryMute } from './problems.js';
import { askVersion, sha256Of } from './prove.js';
import { type Env, isExecutableFile } from './run.js';
import { hasShape } from './shape.js';
import { BINARY_NAMES, type BinaryName, type FoundBinary } from './types.js';

/** What a binary outside the cache once answered, valid while the file is the same one. */
interface KnownAnswer {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
  readonly name: BinaryName;
  readonly version: string;
  readonly sha256: string;
  readonly gitSha?: string | undefined;
}

const isKnownAnswer = (value: unknown): value is KnownAnswer =>
  hasShape(value, {
    path: 'text',
    sizeBytes: 'number',
    mtimeMs: 'number',
    inode: 'number',
    name: BINARY_NAMES,
    version: 'text',
    sha256: 'text',
    gitSha: 'text?',
  });

/** The binaries that a person has: those named, and those on PATH. */
export interface NamedPaths {
  /** In the order in which they were named. */
  given(name: BinaryName, signal: AbortSignal): Promise<readonly Result<FoundBinary, Problem>[]>;
  onPath(name: BinaryName, signal: AbortSignal): Promise<readonly Result<FoundBinary, Problem>[]>;
}

export function namedPaths(options: {
  readonly paths: readonly string[];
  readonly places: Places;
  readonly env: Env;
  readonly unique: () => string;
}): NamedPaths {
  const { places, env } = options;

  async function look(
    name: BinaryName,
    path: string,
    signal: AbortSignal,
  ): Promise<Result<FoundBinary, Problem>> {
    const real = await realpath(path);
    const { size, mtimeMs, ino } = await stat(real);
    const id = createHash('sha256').update(`${name}\n${real}`).digest('hex').slice(0, 32);
    const answerFile = join(places.answersDir, `${id}.json`);
    const read = await readJson(answerFile);
    const known = isKnownAnswer(read) ? read : undefined;
    if (
      known !== undefined &&
      known.path === real &&
      known.name === name &&
      known.sizeBytes === size &&
      known.mtimeMs === mtimeMs &&
      known.inode === ino
    ) {
      const { version, sha256, gitSha } = known;
      return ok({
        name,
        version,
        path,
        sha256,
        source: 'path',
        ...(gitSha === undefined ? {} : { gitSha }),
      });
    }
    const said = await askVersion(name, path, env, signal);
    if (!said.ok) return said;
    const sha256 = await sha256Of(real, signal);
    const answer = {
      path: real,
      sizeBytes: size,
      mtimeMs,
      inode: ino,
      name,
      sha256,
      ...said.value,
    };
    // Without a writable cache the binary is as good, only asked again next time.
    await writeJson(answerFile, answer).catch(() => undefined);
    return ok({ name, path, sha256, source: 'path', ...said.value });
  }

  async function lookAt(
    name: BinaryName,
    path: string,
    signal: AbortSignal,
  ): Promise<Result<FoundBinary, Problem>> {
    try {
      return await look(name, path, signal);
    } catch (error) {
      signal.throwIfAborted();
      return err(
        binaryMute({ name, path, reason: error instanceof Error ? error.message : String(error) }),
      );
    }
  }

  return {
    given: async (name, signal) => {
      const answers: Result<FoundBinary, Problem>[] = [];
      for (const given of options.paths) {
        const path = resolve(given);
        const kind = await stat(path).catch(() => undefined);
        if (kind?.isDirectory() === true) {
          if (await isExecutableFile(join(path, name)))
            answers.push(await lookAt(name, join(path, name), signal));
        } else if (isMeantFor(path, name)) {
          answers.push(
            (await isExecutableFile(path))
              ? await lookAt(name, path, signal)
              : err(binaryMute({ name, path, reason: 'there is no program at this path' })),
          );
        }
      }
      return answers;
    },
    onPath: async (name, signal) => {
      const dirs = new Set((env['PATH'] ?? '').split(delimiter).filter(isAbsolute));
      const answers: Result<FoundBinary, Problem>[] = [];
      for (const dir of dirs) {
        const path = join(dir, name);
        if (await isExecutableFile(path)) answers.push(await lookAt(name, path, signal));
      }
      return answers;
    },
  };
}

/** A named file may be called anything (`etcd-3.6`), but one that is called `etcdctl` is not meant as `etcd`. */
const isMeantFor = (path: string, name: BinaryName): boolean => {
  const base = basename(path);
  const called = BINARY_NAMES.toSorted((a, b) => b.length - a.length).find((each) =>
    base.startsWith(each),
  );
  return called === undefined ? name === 'etcd' : called === name;
};
