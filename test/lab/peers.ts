import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** A cold build of clientv3 and what it imports takes a minute on two cores. */
const BUILD_MS = 600_000;

/** The repository, from a source file here and from what it was compiled to. */
export function repositoryRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'test', 'peers', 'package.json'))) {
    directory = dirname(directory);
  }
  return directory;
}

const peersDirectory = (): string => join(repositoryRoot(), 'test', 'peers');

/** Installs the peers from npm as their lock file says, unless that was done; then `require` finds them. */
export async function installNpmPeers(): Promise<NodeJS.Require> {
  const cwd = peersDirectory();
  const lock = await readFile(join(cwd, 'package-lock.json'), 'utf8');
  const marker = join(cwd, 'node_modules', '.installed-from');
  if ((await readFile(marker, 'utf8').catch(() => '')) !== lock) {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd });
    await writeFile(marker, lock);
  }
  return createRequire(join(cwd, 'package.json'));
}

export const npmPeerVersion = (name: string): string => {
  const manifest = join(peersDirectory(), 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
};

export type GoPeer =
  | { readonly kind: 'built'; readonly path: string; readonly version: string }
  /** Why this machine has none, for a person. */
  | { readonly kind: 'absent'; readonly why: string };

/** Go's clientv3 as a program (test/peers/go), built once and again when its source changes. */
export async function goPeer(): Promise<GoPeer> {
  const cwd = join(peersDirectory(), 'go');
  const [main, mod] = await Promise.all(
    ['main.go', 'go.mod'].map((name) => readFile(join(cwd, name), 'utf8')),
  );
  const version = `${/client\/v3 (v\S+)/.exec(mod ?? '')?.[1]}`;
  const out = join(repositoryRoot(), '.tmp', 'peers');
  const path = join(out, 'clientv3');
  const source = `${main}${mod}`;
  const stamp = join(out, 'clientv3.source');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === source) {
    return { kind: 'built', path, version };
  }
  const go = await goToolchain();
  if (go === undefined) return { kind: 'absent', why: 'there is no Go toolchain' };
  await mkdir(out, { recursive: true });
  const env = { ...process.env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
  try {
    const args = ['build', '-mod=readonly', '-buildvcs=false', '-o', path, '.'];
    await run(go, args, { cwd, env, timeout: BUILD_MS });
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    const [first = 'go build failed'] = stderr.split('\n');
    return { kind: 'absent', why: `its program could not be built: ${first}` };
  }
  await writeFile(stamp, source);
  return { kind: 'built', path, version };
}

async function goToolchain(): Promise<string | undefined> {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/go/bin'];
  for (const directory of directories) {
    const path = join(directory, 'go');
    if (directory !== '' && (await canRead(path))) return path;
  }
  return undefined;
}

const canRead = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
