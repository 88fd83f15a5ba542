import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real DNS server of this machine, and what it has to be started with. */
export interface DNSProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

export type FoundDNSProgram = DNSProgram | { readonly whyNot: string };

/** Two signed repositories away at most; a machine without one is told so. */
const FETCH_MS = 60_000;

const PACKAGES = { named: 'bind9', knotd: 'knot', etcdctl: 'etcd-client' } as const;

/**
 * `named` (BIND), `knotd`, or an `etcdctl`, which asks the DNS as its users' do: installed, or from the distribution's own packages, unpacked beside the temporary files and
 * installed nowhere. Where neither works, say `whyNot` aloud.
 */
export async function dnsProgram(name: keyof typeof PACKAGES): Promise<FoundDNSProgram> {
  const installed = await run('sh', ['-c', `command -v ${name}`]).catch(() => undefined);
  if (installed !== undefined) return { path: installed.stdout.trim(), env: {} };
  const packages = [PACKAGES[name]];
  const root = join(tmpdir(), `quorate-lab-${name}`);
  try {
    await unpack(root, packages);
  } catch (error) {
    return {
      whyNot: `there is no ${name} here, and its packages cannot be had: ${(error as Error).message}`,
    };
  }
  const path = join(root, 'usr', name === 'etcdctl' ? 'bin' : 'sbin', name);
  const libraries = join(root, 'usr', 'lib', 'x86_64-linux-gnu');
  const env = { LD_LIBRARY_PATH: `${libraries}:${join(libraries, 'bind9')}` };
  const tried = await run(path, [name === 'etcdctl' ? 'version' : '-V'], { env }).catch(
    (error: Error) => error,
  );
  return tried instanceof Error
    ? { whyNot: `${name} does not run: ${tried.message}` }
    : { path, env };
}

/** The packages and what they need that is not installed. Complete or absent: unpacked aside, then renamed. */
async function unpack(root: string, packages: readonly string[]): Promise<void> {
  if ((await readdir(root).catch(() => [])).length > 0) return;
  const aside = `${root}.${process.pid}`;
  await mkdir(aside, { recursive: true });
  try {
    const simulated = await run('apt-get', [
      'install',
      '-s',
      '--no-install-recommends',
      ...packages,
    ]);
    const needed = [...simulated.stdout.matchAll(/^Inst (\S+)/gm)].flatMap(
      ([, each]) => each ?? [],
    );
    await run('apt-get', ['-q', 'download', ...needed], { cwd: aside, timeout: FETCH_MS });
    const files = (await readdir(aside)).filter((file) => file.endsWith('.deb'));
    for (const file of files) await run('dpkg', ['-x', join(aside, file), aside]);
    await rename(aside, root);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
