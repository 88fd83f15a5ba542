import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Problem, type Result, err, ok } from '../../../base/index.js';
import {
  type EtcdVersion,
  SUPPORTED_MINORS,
  parseEtcdVersion,
} from '../../../core/cluster/index.js';
import type { Platform } from '../places.js';
import { digestDiffers } from '../problems.js';
import { sha256Of } from '../prove.js';
import { type Env, complaint, findTool, run, toolEnv } from '../run.js';
import type { BinaryName } from '../types.js';
import { type Wish, wishText } from '../wish.js';
import { CRATE_PINS } from './crate-pins.js';
import { type FetchRoom, type FetchSource, type Fetched, refusals, unpack } from './source.js';

/** The crates that carry upstream's own static binary of the server, one for each platform. */
const CRATE_PREFIX = 'etcd-bin-vendored-';
const PLATFORMS: ReadonlySet<string> = new Set([
  'linux-amd64',
  'linux-arm64',
  'linux-ppc64le',
  'linux-s390x',
  'darwin-amd64',
  'darwin-arm64',
]);
const PROBE_DEADLINE_MS = 8_000;
const FETCH_DEADLINE_MS = 180_000;

/**
 * cargo's registry. Nothing is compiled: a project that depends on the crate is written, cargo resolves and downloads
 * it, and the binary is taken out of the downloaded archive after that archive was checked against the index's digest
 * (and for versions we know, against ours). Where the registry is, cargo knows from the user's own configuration.
 */
export function crateSource(options: {
  readonly env: Env;
  readonly platform: Platform;
  readonly pins?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}): FetchSource {
  const { env, platform } = options;
  const key = `${platform.os}-${platform.arch}`;
  const crate = `${CRATE_PREFIX}${key}`;

  async function locked(wish: Wish, signal: AbortSignal): Promise<Result<Locked, Problem>> {
    const { lacks } = refusals('crate', 'etcd', wish);
    if (!PLATFORMS.has(key))
      return err(lacks(`there is no crate for ${platform.os}/${platform.arch}`));
    const cargo = await findTool('cargo', env);
    if (cargo === undefined) {
      return err(
        lacks(
          'no cargo on PATH',
          'With cargo (Rust) on PATH the server comes from its registry in a second.',
        ),
      );
    }
    const dir = await mkdtemp(join(tmpdir(), 'quorate-cargo-'));
    try {
      await writeProject(dir, crate, wish.kind === 'exact' ? `=${wish.version}` : `~${wish.minor}`);
      const end = await run(cargo, ['generate-lockfile', '--color', 'never'], {
        cwd: dir,
        env: toolEnv(env),
        timeoutMs: PROBE_DEADLINE_MS,
        signal,
      });
      if (end.kind === 'failed' || end.code !== 0) {
        return err(
          /failed to select a version|no matching package/i.test(end.stderr)
            ? lacks(`the registry has no ${crate} ${wishText(wish)}`)
            : lacks(`cargo could not ask the registry: ${complaint(end)}`),
        );
      }
      const lockText = await readFile(join(dir, 'Cargo.lock'), 'utf8');
      const entry = readLock(lockText, crate);
      if (entry === undefined)
        return err(lacks(`cargo's lock file does not name a digest of ${crate}`));
      const pin = (options.pins ?? CRATE_PINS)[entry.version]?.[key];
      if (pin !== undefined && pin !== entry.sha256) {
        const file = `${crate}-${entry.version}`;
        return err(
          digestDiffers({ source: 'crate', file, wantedSha256: pin, seenSha256: entry.sha256 }),
        );
      }
      return ok({ ...entry, cargo, lockText });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  async function fetch(
    wish: Wish,
    lock: Locked,
    room: FetchRoom,
  ): Promise<Result<Fetched, Problem>> {
    const { failed, lacks } = refusals('crate', 'etcd', wish);
    const project = join(room.dir, 'project');
    await writeProject(
      project,
      crate,
      wish.kind === 'exact' ? `=${wish.version}` : `~${wish.minor}`,
    );
    await writeFile(join(project, 'Cargo.lock'), lock.lockText);
    room.report('fetching');
    const end = await run(lock.cargo, ['fetch', '--locked', '--color', 'never'], {
      cwd: project,
      env: toolEnv(env),
      timeoutMs: FETCH_DEADLINE_MS,
      signal: room.signal,
    });
    if (end.kind === 'failed' || end.code !== 0)
      return err(failed(`cargo fetch: ${complaint(end)}`));
    const archive = await findArchive(
      env,
      `${crate}-${lock.version}.crate`,
      lock.sha256,
      room.signal,
    );
    if (!archive.ok)
      return archive.error === undefined
        ? err(failed('cargo kept no archive'))
        : err(archive.error);
    const tar = await findTool('tar', env);
    if (tar === undefined) return err(lacks('no tar on PATH to unpack the crate'));
    const unpacked = await unpack(tar, archive.value, room.dir, env, room.signal);
    if (unpacked.kind === 'failed' || unpacked.code !== 0)
      return err(failed(`tar: ${complaint(unpacked)}`));
    return ok({
      files: [{ name: 'etcd', path: join(room.dir, `${crate}-${lock.version}`, 'bin', 'etcd') }],
    });
  }

  return {
    name: 'crate',
    probeDeadlineMs: PROBE_DEADLINE_MS,
    offer: async (name, wish, signal) => {
      const serverOnly = refuseOthers(name, wish);
      if (serverOnly !== undefined) return err(serverOnly);
      const lock = await locked(wish, signal);
      if (!lock.ok) return lock;
      return ok({ version: lock.value.version, fetch: (room) => fetch(wish, lock.value, room) });
    },
    versions: async (name, signal) => {
      const wishes = SUPPORTED_MINORS.map((minor): Wish => ({ kind: 'minor', minor }));
      const serverOnly = refuseOthers(name);
      if (serverOnly !== undefined) return err(serverOnly);
      const answers = await Promise.all(wishes.map((wish) => locked(wish, signal)));
      const versions = answers.flatMap((answer) => (answer.ok ? [answer.value.version] : []));
      const failure = answers.find((answer) => !answer.ok);
      if (versions.length === 0 && failure?.ok === false) return err(failure.error);
      return ok({
        versions,
        note: 'the newest of each minor; most earlier patches can be had by their exact version',
      });
    },
  };
}

/** What cargo resolved the wish to. */
interface Locked {
  readonly version: EtcdVersion;
  readonly sha256: string;
  readonly cargo: string;
  readonly lockText: string;
}

function refuseOthers(name: BinaryName, wish?: Wish): Problem | undefined {
  return name === 'etcd'
    ? undefined
    : refusals('crate', name, wish).lacks('the crate carries only the server');
}

async function writeProject(dir: string, crate: string, requirement: string): Promise<void> {
  await mkdir(join(dir, 'src'), { recursive: true });
  await writeFile(join(dir, 'src', 'lib.rs'), '');
  // The empty [workspace] keeps cargo from looking for one in the directories above.
  const manifest = [
    '[workspace]',
    '[package]',
    'name = "quorate-fetch"',
    'version = "0.0.0"',
    'edition = "2021"',
    '[dependencies]',
    `${crate} = "${requirement}"`,
  ];
  await writeFile(join(dir, 'Cargo.toml'), `${manifest.join('\n')}\n`);
}

/** Finds the crate's version and digest in cargo's lock file. */
export function readLock(
  text: string,
  crate: string,
): { readonly version: EtcdVersion; readonly sha256: string } | undefined {
  for (const block of text.split('[[package]]')) {
    const field = (key: string) => new RegExp(`^${key} = "([^"]*)"$`, 'm').exec(block)?.[1];
    if (field('name') !== crate) continue;
    const version = parseEtcdVersion(field('version') ?? '');
    const sha256 = field('checksum');
    if (version !== undefined && sha256 !== undefined) return { version, sha256 };
  }
  return undefined;
}

/**
 * Finds the downloaded archive in cargo's home. One home may hold several registries; the digest picks the right file.
 * The unpacked sources beside it are not used: cargo does not check them again once they are there.
 */
async function findArchive(
  env: Env,
  file: string,
  sha256: string,
  signal: AbortSignal,
): Promise<Result<string, Problem | undefined>> {
  const cache = join(
    env['CARGO_HOME'] || join(env['HOME'] || homedir(), '.cargo'),
    'registry',
    'cache',
  );
  let seenSha256: string | undefined;
  for (const registry of await readdir(cache).catch(() => [])) {
    const path = join(cache, registry, file);
    const seen = await sha256Of(path, signal).catch(() => undefined);
    if (seen === sha256) return ok(path);
    seenSha256 ??= seen;
  }
  return err(
    seenSha256 === undefined
      ? undefined
      : digestDiffers({ source: 'crate', file, wantedSha256: sha256, seenSha256 }),
  );
}
