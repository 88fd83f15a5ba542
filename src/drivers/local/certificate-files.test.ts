import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom, silentLogger, systemClock, unsafeBrand } from '../../base/index.js';
import {
  type ClusterName,
  type HostName,
  type MemberName,
  PLANES,
  certificatesFor,
} from '../../core/cluster/index.js';
import { defaultSpec } from '../../core/spec/index.js';
import { createCertificates } from '../../services/certificates/index.js';
import { readCertificateFiles } from './certificate-files.js';
import { createLocalDriver } from './driver.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'certificates-'));
});
afterEach(() => rm(directory, { recursive: true }));

const NEVER = new AbortController().signal;
const random = seededRandom(1);

/** Certificates and keys of two members. */
async function twoLeafs() {
  const certificates = createCertificates({
    directory: join(directory, 'pki'),
    clock: systemClock,
    random,
  });
  const name = unsafeBrand<ClusterName>('prod');
  const spec = defaultSpec({ name, memberCount: 1, version: '3.6' });
  const made = await certificates.authorities({ ...spec, tls: { kind: 'auto' } }, 'create', NEVER);
  if (!made.ok || made.value === undefined) throw new Error('no authorities');
  const wanted = certificatesFor(made.value, { dataDir: '/m1/data', names: ['localhost'] });
  const order = { host: unsafeBrand<HostName>('m1'), name: unsafeBrand<MemberName>('m1'), wanted };
  const files = await certificates.issue({ ...order, leafs: PLANES }, NEVER);
  if (!files.ok) throw new Error(files.error.detail);
  return PLANES.map((plane) => {
    const file = files.value.find(({ path }) => path === wanted.leafs[plane].path);
    const [certificate = '', key = ''] = Buffer.from(file?.content ?? [])
      .toString('utf8')
      .split(/(?=-----BEGIN PRIVATE)/);
    return { certificate, key };
  });
}

test('a key fits its certificate, or does not, or is not there', async () => {
  const [a, b] = await twoLeafs();
  if (a === undefined || b === undefined) throw new Error('no leafs');
  const contents: Readonly<Record<string, string>> = {
    fits: a.certificate + a.key,
    other: a.certificate + b.key,
    broken: a.certificate + a.key.replace(/\n.{10}/, '\n'),
    alone: a.key,
    bundle: a.certificate + b.certificate,
  };
  const paths = Object.keys(contents).map((name) => join(directory, name));
  await Promise.all(paths.map((path, i) => writeFile(path, Object.values(contents)[i] ?? '')));
  const seen = await readCertificateFiles([...paths, join(directory, 'none')]);
  const of = (name: string) => seen[join(directory, name)];
  expect(of('fits')).toEqual({ kind: 'present', certificates: a.certificate, keyFits: true });
  expect(of('other')).toMatchObject({ keyFits: false });
  expect(of('broken')).toMatchObject({ keyFits: false });
  expect(of('alone')).toEqual({ kind: 'present', certificates: '', keyFits: false });
  expect(of('bundle')).toEqual({
    kind: 'present',
    certificates: a.certificate + b.certificate,
  });
  expect(of('none')).toEqual({ kind: 'absent' });
});

test('one that cannot be read hides no other', async () => {
  const [{ certificate } = { certificate: '' }] = await twoLeafs();
  await writeFile(join(directory, 'ca'), certificate);
  const seen = await readCertificateFiles([directory, join(directory, 'ca')]);
  expect(seen[directory]).toMatchObject({ kind: 'unreadable' });
  expect(seen[join(directory, 'ca')]).toMatchObject({ kind: 'present' });
});

test('files are written with their mode, only inside the directory of their host', async () => {
  const driver = createLocalDriver({
    stateDir: directory,
    clock: systemClock,
    random,
    logger: silentLogger,
    gatewayCommand: [],
    binaryFor: () => Promise.reject(new Error('nothing is started here')),
  });
  const host = unsafeBrand<HostName>('m1');
  const write = (path: string, mode: number) =>
    driver.writeFiles?.(host, [{ path, content: new TextEncoder().encode('x'), mode }], NEVER);
  const inside = join(directory, 'members', 'm1', 'pki', 'peer.pem');
  expect((await write(inside, 0o600))?.kind).toBe('applied');
  expect((await stat(inside)).mode & 0o777).toBe(0o600);
  expect((await stat(join(inside, '..'))).mode & 0o777).toBe(0o700);
  const outside = join(directory, 'members', 'm2', 'pki', 'peer.pem');
  expect(await write(outside, 0o600)).toMatchObject({
    kind: 'refused',
    problem: { code: 'file-outside' },
  });
  const sneaky = join(directory, 'members', 'm1') + '/../m2/peer.pem';
  expect((await write(sneaky, 0o600))?.kind).toBe('refused');
});
