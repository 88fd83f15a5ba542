import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type FakeCargo, fakeCargo } from '../scenarios/fake-cargo.js';
import { SYSTEM_PATH, fakeProgram, tempDir } from '../scenarios/fakes.js';
import { parseWish } from '../wish.js';
import { CRATE_PINS } from './crate-pins.js';
import { crateSource, readLock } from './crate.js';

const never = new AbortController().signal;
const platform = { os: 'linux', arch: 'amd64' };
const wish = (text: string) => parseWish(text) ?? { kind: 'minor' as const, minor: 'none' };
const reasonOf = async (source: ReturnType<typeof crateSource>, text: string) => {
  const offer = await source.offer('etcd', wish(text), never);
  return offer.ok ? 'offered' : String(offer.error.data['reason'] ?? offer.error.code);
};

async function fetchFrom(cargo: FakeCargo, text: string) {
  const offer = await crateSource({ env: cargo.env, platform }).offer('etcd', wish(text), never);
  if (!offer.ok) throw new Error(offer.error.summary);
  const dir = join(tempDir(), 'room');
  mkdirSync(dir);
  return {
    offer,
    fetched: await offer.value.fetch({ dir, signal: never, report: () => undefined }),
  };
}

describe('the crate', () => {
  it('resolves a minor to its newest patch without downloading it, then takes the binary out of the archive', async () => {
    const cargo = fakeCargo({ version: '3.6.99' });
    const { offer, fetched } = await fetchFrom(cargo, '3.6');
    expect(offer.value.version).toBe('3.6.99');
    expect(cargo.calls()).toEqual([
      'generate-lockfile --color never',
      'fetch --locked --color never',
    ]);
    const [file] = fetched.ok ? fetched.value.files : [];
    expect(file?.name).toBe('etcd');
    expect(readFileSync(file?.path ?? '', 'utf8')).toContain('3.6.99');
  });

  it('finds no archive of the index’s digest: refused', async () => {
    const cargo = fakeCargo({ version: '3.6.99', indexSha256: 'c'.repeat(64) });
    const { fetched } = await fetchFrom(cargo, '3.6.99');
    expect(fetched).toMatchObject({ ok: false, error: { code: 'digest-differs' } });
  });

  it('does not believe an index that states another digest for a version we know', async () => {
    const cargo = fakeCargo({ version: '3.6.99' });
    const pins = { '3.6.99': { 'linux-amd64': 'd'.repeat(64) } };
    const offer = await crateSource({ env: cargo.env, platform, pins }).offer(
      'etcd',
      wish('3.6'),
      never,
    );
    expect(offer).toMatchObject({
      ok: false,
      error: {
        code: 'digest-differs',
        data: { wantedSha256: 'd'.repeat(64), seenSha256: cargo.sha256 },
      },
    });
    expect(cargo.calls()).toHaveLength(1);
  });

  it('says why it cannot: no cargo, no crate for the machine, no such version, no registry', async () => {
    const { env } = fakeCargo({ version: '3.6.99' });
    expect(await reasonOf(crateSource({ env: { PATH: tempDir() }, platform }), '3.6')).toBe(
      'no cargo on PATH',
    );
    const riscv = crateSource({ env, platform: { os: 'linux', arch: 'riscv64' } });
    expect(await reasonOf(riscv, '3.6')).toBe('there is no crate for linux/riscv64');
    expect(await reasonOf(crateSource({ env, platform }), '3.6.1')).toContain(
      'the registry has no',
    );
    const dir = tempDir();
    fakeProgram(join(dir, 'cargo'), 'echo "error: could not resolve host" >&2; exit 101');
    const cut = crateSource({ env: { PATH: `${dir}:${SYSTEM_PATH}` }, platform });
    expect(await reasonOf(cut, '3.6')).toBe(
      'cargo could not ask the registry: exit code 101: error: could not resolve host',
    );
  });

  it('carries only the server', async () => {
    const { env } = fakeCargo({ version: '3.6.99' });
    const offer = await crateSource({ env, platform }).offer('etcdctl', wish('3.6'), never);
    expect(!offer.ok && offer.error.data['reason']).toBe('the crate carries only the server');
  });

  it('has a pin for every version that the tests run', () => {
    expect(Object.keys(CRATE_PINS)).toEqual(['3.4.45', '3.5.34', '3.6.15', '3.7.2']);
    for (const pins of Object.values(CRATE_PINS))
      expect(pins['linux-amd64']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('reads a lock file by package, not by order', () => {
    const lock = `version = 4\n\n[[package]]\nname = "a"\nversion = "1.0.0"\nchecksum = "11"\n\n[[package]]\nname = "b"\nversion = "3.6.15"\nchecksum = "22"\n`;
    expect(readLock(lock, 'b')).toEqual({ version: '3.6.15', sha256: '22' });
    expect(readLock(lock, 'c')).toBeUndefined();
  });
});
