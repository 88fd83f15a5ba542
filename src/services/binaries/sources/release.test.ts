import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { unsafeBrand } from '../../../base/index.js';
import type { EtcdVersion } from '../../../core/cluster/index.js';
import type { BinaryName } from '../types.js';
import { SYSTEM_PATH, fakeBinary, pack, tempDir } from '../scenarios/fakes.js';
import { parseWish } from '../wish.js';
import { readSums, releaseArchive, releaseSource } from './release.js';

const never = new AbortController().signal;
const env = { PATH: SYSTEM_PATH };
const platform = { os: 'linux', arch: 'amd64' };
const VERSION = '3.6.99';
const ARCHIVE = `etcd-v${VERSION}-linux-amd64`;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A release page on loopback; `pages` maps a path to its content. */
async function releasePage(pages: Readonly<Record<string, Buffer | string | Answer>>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const page = pages[request.url ?? ''];
    if (typeof page === 'function') page(request, response);
    else if (page === undefined) response.writeHead(404).end('no');
    else response.end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const base = `http://127.0.0.1:${port}`;
  const source = releaseSource({
    env,
    platform,
    addresses: { downloads: `${base}/download`, listing: `${base}/releases` },
  });
  return { base, asked, source };
}

function archive(programs: readonly BinaryName[] = ['etcd', 'etcdctl', 'etcdutl']) {
  const dir = tempDir();
  for (const name of programs) fakeBinary(join(dir, ARCHIVE, name), name, VERSION);
  const bytes = readFileSync(pack(join(dir, 'archive.tar.gz'), dir, ARCHIVE));
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
const pagesWith = (bytes: Buffer | Answer, sha256: string) => ({
  '/releases': JSON.stringify([
    { tag_name: 'v3.7.0-rc.0' },
    { tag_name: 'v3.6.99' },
    { tag_name: 'v3.6.9' },
  ]),
  [`/download/v${VERSION}/SHA256SUMS`]: `${'0'.repeat(64)}  etcd-v${VERSION}-linux-arm64.tar.gz\n${sha256}  ${ARCHIVE}.tar.gz\n`,
  [`/download/v${VERSION}/${ARCHIVE}.tar.gz`]: bytes,
});

const wish = (text: string) => parseWish(text) ?? { kind: 'minor' as const, minor: 'none' };

async function fetchFrom({ source }: Awaited<ReturnType<typeof releasePage>>, text = VERSION) {
  const offer = await source.offer('etcd', wish(text), never);
  if (!offer.ok) return { offer };
  const dir = join(tempDir(), 'room');
  mkdirSync(dir);
  const bytes: number[] = [];
  const fetched = await offer.value.fetch({
    dir,
    signal: never,
    report: (_kind, progress) => bytes.push(progress?.receivedBytes ?? -1),
  });
  return { offer, fetched, bytes };
}

describe('the official release', () => {
  it('finds the newest of a minor, checks the archive and brings all three programs', async () => {
    const { bytes, sha256 } = archive();
    const page = await releasePage(pagesWith(bytes, sha256));
    const { offer, fetched, bytes: reported } = await fetchFrom(page, '3.6');
    expect(offer.ok && offer.value.version).toBe(VERSION);
    expect(fetched?.ok === true && fetched.value.files.map(({ name }) => name)).toEqual([
      'etcd',
      'etcdctl',
      'etcdutl',
    ]);
    expect(reported?.[0]).toBe(0);
    expect(reported?.at(-1)).toBe(bytes.length);
  });

  it('says where the archive for another machine is and what it must be, without fetching it', async () => {
    const page = await releasePage(pagesWith(Buffer.from('x'), '1'.repeat(64)));
    const version = unsafeBrand<EtcdVersion>(VERSION);
    const from = { env, addresses: { downloads: `${page.base}/download` } };
    const found = await releaseArchive(from, version, 'arm64', never);
    const folder = `etcd-v${VERSION}-linux-arm64`;
    const url = `${page.base}/download/v${VERSION}/${folder}.tar.gz`;
    expect(found).toEqual({ ok: true, value: { url, sha256: '0'.repeat(64), folder } });
    expect(page.asked).toEqual([`/download/v${VERSION}/SHA256SUMS`]);
    expect(await releaseArchive(from, version, 'vax', never)).toMatchObject({ ok: false });
  });

  it('asks for the digests only, as long as it is only asked whether it could', async () => {
    const page = await releasePage(pagesWith(Buffer.from('x'), '1'.repeat(64)));
    expect((await page.source.offer('etcd', wish(VERSION), never)).ok).toBe(true);
    expect(page.asked).toEqual([`/download/v${VERSION}/SHA256SUMS`]);
  });

  it('refuses an archive that is not the one of its digest, before unpacking it', async () => {
    const { bytes } = archive();
    const page = await releasePage(pagesWith(bytes, 'a'.repeat(64)));
    const { fetched } = await fetchFrom(page);
    expect(fetched).toMatchObject({
      ok: false,
      error: { code: 'digest-differs', data: { wantedSha256: 'a'.repeat(64), source: 'release' } },
    });
  });

  it('says that there is no such release, no such platform, no such program', async () => {
    const page = await releasePage({
      ...pagesWith(Buffer.from('x'), '1'.repeat(64)),
      '/download/v3.6.1/SHA256SUMS': `${'0'.repeat(64)}  etcd-v3.6.1-linux-arm64.tar.gz\n`,
    });
    const reason = async (name: BinaryName, text: string) => {
      const offer = await page.source.offer(name, wish(text), never);
      return offer.ok ? 'offered' : offer.error.data['reason'];
    };
    expect(await reason('etcd', '3.6.2')).toMatch(/has no such release$/);
    expect(await reason('etcd', '3.6.1')).toBe('the release has no etcd-v3.6.1-linux-amd64.tar.gz');
    expect(await reason('etcdutl', '3.4.45')).toBe('etcd 3.4.45 has no etcdutl');
    expect(await reason('etcd', '3.7')).toContain('no release of 3.7');
  });

  it('tells a connection that breaks off in the middle', async () => {
    const { bytes, sha256 } = archive();
    const page = await releasePage(
      pagesWith((_request, response) => {
        response.writeHead(200, { 'content-length': String(bytes.length) });
        response.write(bytes.subarray(0, 10), () => response.destroy());
      }, sha256),
    );
    const { fetched } = await fetchFrom(page);
    expect(fetched).toMatchObject({ ok: false, error: { code: 'fetch-failed' } });
    expect(fetched?.ok === false && fetched.error.data['reason']).toContain('broke off');
  });

  it('says at once that nobody answers', async () => {
    const page = await releasePage({});
    for (const close of closers.splice(0)) await close();
    const offer = await page.source.offer('etcd', wish(VERSION), never);
    expect(!offer.ok && offer.error.data['reason']).toContain('cannot be reached');
  });

  it('a mirror named in the environment serves exact versions, over TLS or loopback only', async () => {
    const { bytes, sha256 } = archive();
    const { base } = await releasePage(pagesWith(bytes, sha256));
    const mirror = (address: string) =>
      releaseSource({ env: { ...env, QUORATE_RELEASES: address }, platform });
    const exact = await mirror(`${base}/download/`).offer('etcd', wish(VERSION), never);
    expect(exact.ok).toBe(true);
    const minor = await mirror(`${base}/download`).offer('etcd', wish('3.6'), never);
    expect(!minor.ok && minor.error.data['reason']).toContain('name an exact one');
    for (const address of ['http://mirror.invalid/etcd', 'not an address']) {
      const unsafe = await mirror(address).offer('etcd', wish(VERSION), never);
      expect(!unsafe.ok && unsafe.error.data['reason']).toContain('no https address');
    }
  });

  it('lists what the page lists', async () => {
    const { source } = await releasePage(pagesWith(Buffer.from('x'), '1'.repeat(64)));
    expect(await source.versions('etcd', never)).toMatchObject({
      ok: true,
      value: { versions: ['3.7.0-rc.0', '3.6.99', '3.6.9'] },
    });
  });
});

describe('a list of digests', () => {
  it('is read by exact file name, in text and binary notation', () => {
    const sums = `${'A'.repeat(64)}  a.tar.gz\n${'b'.repeat(64)} *b.tar.gz\n`;
    expect(readSums(sums, 'a.tar.gz')).toBe('a'.repeat(64));
    expect(readSums(sums, 'b.tar.gz')).toBe('b'.repeat(64));
    expect(readSums(sums, 'tar.gz')).toBeUndefined();
  });
});
