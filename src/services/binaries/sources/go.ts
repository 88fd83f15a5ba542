import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Problem, type Result, err, ok } from '../../../base/index.js';
import {
  type EtcdVersion,
  SUPPORTED_MINORS,
  parseEtcdVersion,
} from '../../../core/cluster/index.js';
import { type Env, type RunEnd, complaint, findTool, run, toolEnv } from '../run.js';
import type { BinaryName } from '../types.js';
import { type Wish, wishMinor, wishText } from '../wish.js';
import { type FetchRoom, type FetchSource, type Fetched, refusals } from './source.js';

const MODULES: Readonly<Record<BinaryName, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  etcdctl: 'go.etcd.io/etcd/etcdctl/v3',
  etcdutl: 'go.etcd.io/etcd/etcdutl/v3',
};
const VERSION_VARIABLE = 'go.etcd.io/etcd/api/v3/version.GitSHA';
/** What stands in for the commit: the module proxy does not tell it, and etcd would print a sentence instead. */
const BUILT_FROM = 'gomod';
/** The first minor that upstream publishes as modules which can be built; the lines before it cannot. */
const FIRST_MINOR = 5;
const PROBE_DEADLINE_MS = 12_000;
/** 40 s on four cores with nothing cached; a small machine with a slow line needs much longer. */
const BUILD_DEADLINE_MS = 20 * 60_000;

/**
 * A Go toolchain that builds upstream's published modules. Their digests are checked by Go itself against its checksum
 * database. The toolchain is never replaced by a downloaded one: a Go that is too old is a reason to say no.
 */
export function goSource(options: { readonly env: Env }): FetchSource {
  const env: Env = {
    ...toolEnv(options.env),
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-buildvcs=false -mod=mod',
    GOWORK: 'off',
    CGO_ENABLED: '0',
    // A cross-compiling person's settings must not produce a binary for another machine.
    GOOS: undefined,
    GOARCH: undefined,
  };

  async function withGo<T>(
    { lacks }: ReturnType<typeof refusals>,
    work: (go: (args: readonly string[]) => Promise<RunEnd>) => Promise<Result<T, Problem>>,
    signal: AbortSignal,
  ): Promise<Result<T, Problem>> {
    const tool = await findTool('go', options.env);
    if (tool === undefined) {
      return err(
        lacks('no go on PATH', 'With a Go toolchain on PATH it can be built, in about a minute.'),
      );
    }
    const dir = await mkdtemp(join(tmpdir(), 'quorate-go-'));
    try {
      await writeModule(dir, undefined);
      return await work((args) =>
        run(tool, args, { cwd: dir, env, timeoutMs: PROBE_DEADLINE_MS, signal }),
      );
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  async function build(
    name: BinaryName,
    module: Module,
    room: FetchRoom,
  ): Promise<Result<Fetched, Problem>> {
    const { failed, lacks } = refusals('go', name, { kind: 'exact', version: module.version });
    const tool = await findTool('go', options.env);
    if (tool === undefined) return err(lacks('no go on PATH any more'));
    const dir = join(room.dir, 'module');
    await mkdir(dir);
    await writeModule(dir, module);
    const path = join(room.dir, name);
    room.report('building');
    const end = await run(
      tool,
      [
        'build',
        '-p',
        String(Math.max(2, Math.floor(availableParallelism() / 2))),
        '-trimpath',
        '-ldflags',
        `-s -w -X ${VERSION_VARIABLE}=${BUILT_FROM}`,
        '-o',
        path,
        MODULES[name],
      ],
      { cwd: dir, env, timeoutMs: BUILD_DEADLINE_MS, signal: room.signal },
    );
    if (end.kind === 'failed' || end.code !== 0) return err(failed(`go build: ${complaint(end)}`));
    return ok({ files: [{ name, path }] });
  }

  return {
    name: 'go',
    probeDeadlineMs: PROBE_DEADLINE_MS,
    offer: (name, wish, signal) => {
      const refusal = refusals('go', name, wish);
      return withGo(
        refusal,
        async (go) => {
          if (!hasModules(wish)) {
            return err(
              refusal.lacks(
                `etcd ${wishMinor(wish)} is not published as modules that can be built`,
              ),
            );
          }
          const [listed, goVersion] = await Promise.all([
            go(['list', '-m', '-json', `${MODULES[name]}@v${wishText(wish)}`]),
            go(['env', 'GOVERSION']),
          ]);
          if (listed.kind === 'failed' || listed.code !== 0) {
            return err(refusal.lacks(`the module proxy does not have it: ${complaint(listed)}`));
          }
          const module = readModule(listed.stdout);
          if (module === undefined)
            return err(refusal.lacks('go list answered something unexpected'));
          const have = goVersion.stdout.trim().replace(/^go/, '');
          if (isOlder(have, module.goVersion)) {
            return err(
              refusal.lacks(
                `etcd ${module.version} needs Go ${module.goVersion} or newer, this is Go ${have}`,
                `Install Go ${module.goVersion} or newer to build etcd ${module.version}.`,
              ),
            );
          }
          return ok({ version: module.version, fetch: (room) => build(name, module, room) });
        },
        signal,
      );
    },
    versions: (name, signal) => {
      const refusal = refusals('go', name);
      return withGo(
        refusal,
        async (go) => {
          const minors = SUPPORTED_MINORS.filter((minor) => hasModules({ kind: 'minor', minor }));
          const [all, ...newest] = await Promise.all([
            go(['list', '-m', '-versions', MODULES[name]]),
            ...minors.map((minor) => go(['list', '-m', '-json', `${MODULES[name]}@v${minor}`])),
          ]);
          if (all.kind === 'failed' || all.code !== 0) {
            return err(refusal.failed(`go list: ${complaint(all)}`));
          }
          const listed = all.stdout.trim().split(/\s+/).slice(1);
          const lines = newest.flatMap((end) => readModule(end.stdout)?.version ?? []);
          return ok({
            versions: [...listed, ...lines],
            note: 'built here, in about a minute; patches missing from the list can often be had by their exact version',
          });
        },
        signal,
      );
    },
  };
}

const hasModules = (wish: Wish): boolean => {
  const [major = 0, minor = 0] = wishMinor(wish).split('.').map(Number);
  return major > 3 || (major === 3 && minor >= FIRST_MINOR);
};

/** Upstream's three modules must be at one version; `-mod=mod` lets Go fill in the rest by itself. */
async function writeModule(dir: string, module: Module | undefined): Promise<void> {
  const lines =
    module === undefined
      ? []
      : [
          `go ${module.goVersion}`,
          ...Object.values(MODULES).map((path) => `require ${path} v${module.version}`),
        ];
  await writeFile(
    join(dir, 'go.mod'),
    ['module quorate.invalid/etcd-build', ...lines, ''].join('\n'),
  );
}

interface Module {
  readonly version: EtcdVersion;
  /** The Go language version that the module demands: `1.26.0`. */
  readonly goVersion: string;
}

/** Reads what `go list -m -json` prints. */
export function readModule(stdout: string): Module | undefined {
  try {
    const value = JSON.parse(stdout) as {
      readonly Version?: unknown;
      readonly GoVersion?: unknown;
    };
    const version = typeof value.Version === 'string' ? parseEtcdVersion(value.Version) : undefined;
    if (version === undefined) return undefined;
    return { version, goVersion: typeof value.GoVersion === 'string' ? value.GoVersion : '1.0' };
  } catch {
    return undefined;
  }
}

/** `1.22.3` is older than `1.26`; what does not look like a version (a development build) is taken as new enough. */
export function isOlder(have: string, needed: string): boolean {
  const numbers = (text: string) =>
    /^(\d+)\.(\d+)(?:\.(\d+))?/
      .exec(text)
      ?.slice(1)
      .map((part) => Number(part ?? 0));
  const a = numbers(have);
  const b = numbers(needed);
  if (a === undefined || b === undefined) return false;
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
