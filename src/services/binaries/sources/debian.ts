import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Problem, type Result, err, ok } from '../../../base/index.js';
import { type EtcdVersion, isAtLeast, parseEtcdVersion } from '../../../core/cluster/index.js';
import { type Env, complaint, findTool, isExecutableFile, run, toolEnv } from '../run.js';
import type { BinaryName } from '../types.js';
import { type Wish, newestFitting } from '../wish.js';
import { type FetchRoom, type FetchSource, type Fetched, refusals } from './source.js';

/** What each suite carried when we last looked; a suite may have moved on since, which the fetch finds out. */
const SUITES: readonly { readonly suite: string; readonly version: string }[] = [
  { suite: 'bullseye', version: '3.3.25' },
  { suite: 'bookworm', version: '3.4.23' },
  { suite: 'trixie', version: '3.5.16' },
  { suite: 'forky', version: '3.5.30' },
];
const PACKAGES: Readonly<Record<BinaryName, string>> = {
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
  // Seen on 3.5.16 and 3.5.30: it stands beside the server.
  etcdutl: 'etcd-server',
};
const APT_DIR = '/etc/apt';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const PROBE_DEADLINE_MS = 5_000;
const STEP_DEADLINE_MS = 180_000;

/**
 * Debian's packages, unpacked without being installed and without root: apt works on a private state of its own with
 * one suite, from the mirror that this machine's apt already uses. apt checks Debian's signature.
 */
export function debianSource(options: {
  readonly env: Env;
  readonly aptDir?: string;
}): FetchSource {
  const env: Env = { ...toolEnv(options.env), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  const aptDir = options.aptDir ?? APT_DIR;

  async function fetch(
    name: BinaryName,
    wish: Wish,
    suite: string,
    version: EtcdVersion,
    tools: Tools,
    room: FetchRoom,
  ): Promise<Result<Fetched, Problem>> {
    const { failed, lacks } = refusals('debian', name, wish);
    const dir = join(room.dir, 'apt');
    const packages = join(room.dir, 'packages');
    const into = join(room.dir, 'root');
    for (const each of ['lists/partial', 'cache/archives/partial', 'etc/preferences.d']) {
      await mkdir(join(dir, each), { recursive: true });
    }
    await mkdir(packages);
    await mkdir(into);
    await writeFile(join(dir, 'status'), '');
    const { mirror } = tools;
    await writeFile(
      join(dir, 'etc', 'sources.list'),
      `deb [signed-by=${mirror.signedBy}] ${mirror.uri} ${suite} main\n`,
    );
    const settings = [
      `Dir::Etc=${join(dir, 'etc')}`,
      `Dir::Etc::sourcelist=${join(dir, 'etc', 'sources.list')}`,
      'Dir::Etc::sourceparts=-',
      `Dir::State=${dir}`,
      `Dir::State::status=${join(dir, 'status')}`,
      `Dir::State::lists=${join(dir, 'lists')}`,
      `Dir::Cache=${join(dir, 'cache')}`,
      'Acquire::Languages=none',
      // As root, apt drops to a user who cannot write here, warns, and goes on as root.
      'APT::Sandbox::User=',
    ].flatMap((setting) => ['-o', setting]);
    const step = (tool: string, args: readonly string[]) =>
      run(tool, args, { cwd: packages, env, timeoutMs: STEP_DEADLINE_MS, signal: room.signal });

    room.report('fetching');
    const updated = await step(tools.aptGet, [
      ...settings,
      '-qq',
      'update',
      '-o',
      'APT::Update::Error-Mode=any',
    ]);
    if (updated.kind === 'failed' || updated.code !== 0)
      return err(failed(`apt-get update: ${complaint(updated)}`));
    const loaded = await step(tools.aptGet, [...settings, '-qq', 'download', PACKAGES[name]]);
    if (loaded.kind === 'failed' || loaded.code !== 0)
      return err(failed(`apt-get download: ${complaint(loaded)}`));
    const [deb] = (await readdir(packages)).filter((file) => file.endsWith('.deb'));
    if (deb === undefined) return err(failed('apt-get download left no package'));
    const carried = readPackageVersion(deb);
    if (carried !== version) {
      return err(lacks(`${suite} carries ${carried ?? deb} by now, no longer ${version}`));
    }
    const unpacked = await step(tools.dpkg, ['-x', join(packages, deb), into]);
    if (unpacked.kind === 'failed' || unpacked.code !== 0)
      return err(failed(`dpkg -x: ${complaint(unpacked)}`));
    const files = [];
    for (const each of ['etcd', 'etcdctl', 'etcdutl'] as const) {
      const path = join(into, 'usr', 'bin', each);
      if (await isExecutableFile(path)) files.push({ name: each, path });
    }
    return ok({ files });
  }

  async function tools(): Promise<Tools | string> {
    const aptGet = await findTool('apt-get', options.env);
    const dpkg = await findTool('dpkg', options.env);
    if (aptGet === undefined || dpkg === undefined)
      return 'no apt-get and dpkg on PATH: not a Debian';
    const mirror = await readMirror(aptDir);
    return mirror === undefined
      ? "apt's sources on this machine name no Debian mirror"
      : { aptGet, dpkg, mirror };
  }

  return {
    name: 'debian',
    probeDeadlineMs: PROBE_DEADLINE_MS,
    offer: async (name, wish, _signal) => {
      const { lacks } = refusals('debian', name, wish);
      const version = newestFitting(
        wish,
        SUITES.map((each) => each.version),
      );
      const suite = SUITES.find((each) => each.version === version)?.suite;
      if (version === undefined || suite === undefined) {
        return err(lacks(`its suites carry ${SUITES.map((each) => each.version).join(', ')}`));
      }
      if (name === 'etcdutl' && !hasUtl(version))
        return err(lacks(`etcd ${version} has no etcdutl`));
      const found = await tools();
      if (typeof found === 'string') return err(lacks(found));
      return ok({ version, fetch: (room) => fetch(name, wish, suite, version, found, room) });
    },
    versions: async (name, _signal) => {
      const found = await tools();
      if (typeof found === 'string') {
        return err(refusals('debian', name).lacks(found));
      }
      const note = `as last seen in ${SUITES.map((each) => each.suite).join(', ')}; needs a C library as new as the suite's`;
      const versions = SUITES.map((each) => each.version);
      return ok({ versions: name === 'etcdutl' ? versions.filter(hasUtl) : versions, note });
    },
  };
}

interface Mirror {
  readonly uri: string;
  readonly signedBy: string;
}
interface Tools {
  readonly aptGet: string;
  readonly dpkg: string;
  readonly mirror: Mirror;
}

const hasUtl = (version: string): boolean => {
  const parsed = parseEtcdVersion(version);
  return parsed !== undefined && isAtLeast(parsed, 3, 5);
};

/** `etcd-server_3.5.16-4+b3_amd64.deb` → `3.5.16`. */
export function readPackageVersion(file: string): EtcdVersion | undefined {
  const version = /^[^_]+_(?:\d+%3a)?(\d+\.\d+\.\d+)/.exec(file)?.[1];
  return version === undefined ? undefined : parseEtcdVersion(version);
}

/** The first Debian archive that the machine's apt uses, in either of apt's two notations. */
export async function readMirror(aptDir: string): Promise<Mirror | undefined> {
  const parts = join(aptDir, 'sources.list.d');
  const names = (await readdir(parts).catch(() => [])).toSorted();
  const files = [
    join(aptDir, 'sources.list'),
    ...names.filter((name) => /\.(sources|list)$/.test(name)).map((name) => join(parts, name)),
  ];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const mirror = file.endsWith('.sources') ? fromParagraphs(text) : fromLines(text);
    if (mirror !== undefined) return mirror;
  }
  return undefined;
}

const SUITE =
  /^(bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable)$/;

/**
 * True for Debian's own main archive. Others use the suite names too (vendors name their suites after Debian's); a
 * mirror of Debian is told by its path. A wrong guess does no harm: the signature would not be Debian's.
 */
const isDebian = (uri: string, suites: string, components: string): boolean =>
  /^https?:.*\/debian(\/|$)/.test(uri) &&
  suites.split(/\s+/).some((suite) => SUITE.test(suite)) &&
  components.split(/\s+/).includes('main');

function fromParagraphs(text: string): Mirror | undefined {
  for (const paragraph of text.split(/\n\s*\n/)) {
    const field = (name: string) =>
      new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(paragraph)?.[1]?.trim();
    const uri = field('URIs')?.split(/\s+/)[0];
    if (uri === undefined || field('Enabled') === 'no') continue;
    if (!isDebian(uri, field('Suites') ?? '', field('Components') ?? '')) continue;
    const signedBy = field('Signed-By');
    // The key may also stand in the file itself; then we take the keyring that Debian installs.
    return { uri, signedBy: signedBy?.startsWith('/') === true ? signedBy : KEYRING };
  }
  return undefined;
}

function fromLines(text: string): Mirror | undefined {
  for (const line of text.split('\n')) {
    const [, options = '', uri = '', suite = '', components = ''] =
      /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (!isDebian(uri, suite, components)) continue;
    return { uri, signedBy: /signed-by=(\/[^\s,]+)/.exec(options)?.[1] ?? KEYRING };
  }
  return undefined;
}
