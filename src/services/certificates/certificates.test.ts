import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Clock,
  type Instant,
  instantOf,
  seededRandom,
  unsafeBrand,
} from '../../base/index.js';
import {
  type Authorities,
  type CertificatesSight,
  type ClusterName,
  type HostCertificates,
  type HostName,
  type LeafSight,
  type MemberName,
  PLANES,
  advanced,
  certificateFaults,
  certificatesFor,
} from '../../core/cluster/index.js';
import { type AutoTLS, type ClusterSpec, defaultSpec } from '../../core/spec/index.js';
import type { CertificateFile, Certificates, HostFile } from '../../engine/ports/index.js';
import {
  askForRenewal,
  askForRotation,
  askToFinish,
  createCertificates,
  issueClient,
} from './index.js';
import { pkiLayout, seatFiles } from './layout.js';
import { makeAuthority } from './x509.js';

const START = instantOf(Date.parse('2026-11-01T00:00:00.000Z'));
const DAY_MS = 86_400_000;
const HOST = unsafeBrand<HostName>('m1');
const NAME = unsafeBrand<MemberName>('m1');
const NEVER = new AbortController().signal;

let directory: string;
let now: Instant;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'pki-')), 'pki');
  now = START;
});
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

const clock: Clock = {
  now: () => now,
  monotonicMs: () => now,
  sleep: () => Promise.reject(new Error('nothing here waits')),
  after: () => () => undefined,
};
const random = seededRandom(7);

const specWith = (auto: AutoTLS = {}): ClusterSpec => ({
  ...defaultSpec({ name: unsafeBrand<ClusterName>('prod'), memberCount: 3, version: '3.6' }),
  tls: { kind: 'auto', ...auto },
});

/** Another process each time: what one remembers never helps the next. */
const service = (): Certificates => createCertificates({ directory, clock, random });

async function authoritiesOf(
  how: 'create' | 'use' | 'look' = 'create',
  spec = specWith(),
  by = service(),
): Promise<Authorities> {
  const found = await by.authorities(spec, how, NEVER);
  if (!found.ok) throw new Error(found.error.detail);
  if (found.value === undefined) throw new Error('there are none');
  return found.value;
}

const wantedOf = (authorities: Authorities): HostCertificates =>
  certificatesFor(authorities, { dataDir: '/data/m1/data', names: ['10.0.1.10', 'a.example.com'] });

async function issued(by: Certificates, wanted: HostCertificates): Promise<readonly HostFile[]> {
  const files = await by.issue({ host: HOST, name: NAME, wanted, leafs: PLANES }, NEVER);
  if (!files.ok) throw new Error(files.error.detail);
  return files.value;
}

const textOf = ({ content }: HostFile): string => Buffer.from(content).toString('utf8');

const asSeen = (files: readonly HostFile[]): Readonly<Record<string, CertificateFile>> =>
  Object.fromEntries(
    files.map((file) => {
      const certificates = textOf(file).replace(/-----BEGIN PRIVATE[^]*$/, '');
      return [file.path, { kind: 'present', certificates }];
    }),
  );

const present = (sight: CertificatesSight, plane: 'peer' | 'client') => {
  const leaf: LeafSight | undefined = sight.kind === 'seen' ? sight.leafs[plane] : undefined;
  if (leaf?.kind !== 'present') throw new Error(`no ${plane} leaf was seen`);
  return leaf;
};

describe('authorities', () => {
  test('are made once, one for each plane, with keys that nobody else reads', async () => {
    const first = await authoritiesOf();
    expect(first.planes.peer.issuer).not.toBe(first.planes.client.issuer);
    expect(await authoritiesOf('use')).toEqual(first);
    for (const file of await readdir(pkiLayout(directory).authorities)) {
      const { mode } = await stat(join(pkiLayout(directory).authorities, file));
      expect([file, mode & 0o777]).toEqual([file, 0o600]);
    }
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('are never made by a look, nor where they were before', async () => {
    expect(await service().authorities(specWith(), 'look', NEVER)).toEqual({
      ok: true,
      value: undefined,
    });
    expect(await service().authorities(specWith(), 'use', NEVER)).toEqual({
      ok: true,
      value: undefined,
    });
    await expect(stat(directory)).rejects.toThrow('ENOENT');
  });

  test('a damaged state is told, and nothing takes its place', async () => {
    await authoritiesOf();
    await writeFile(pkiLayout(directory).state, '{');
    const found = await service().authorities(specWith(), 'create', NEVER);
    expect(found).toMatchObject({ ok: false, error: { code: 'pki-damaged' } });
    expect(await readFile(pkiLayout(directory).state, 'utf8')).toBe('{');
  });
});

describe('what a host holds', () => {
  test('certificate and key fit, are for both usages, and carry no common name', async () => {
    const by = service();
    const wanted = wantedOf(await authoritiesOf('create', specWith(), by));
    const files = await issued(by, wanted);
    expect(files.map(({ path }) => path).sort()).toEqual(
      PLANES.flatMap((plane) => [wanted.bundles[plane].path, wanted.leafs[plane].path]).sort(),
    );
    for (const plane of PLANES) {
      const file = files.find(({ path }) => path === wanted.leafs[plane].path);
      if (file === undefined) throw new Error('no leaf');
      expect(file.mode).toBe(0o600);
      const leaf = new X509Certificate(textOf(file));
      expect(leaf.checkPrivateKey(createPrivateKey(textOf(file)))).toBe(true);
      expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
      expect(leaf.subject).toBe('O=prod\nOU=m1');
      expect(leaf.checkIP('10.0.1.10')).toBe('10.0.1.10');
      expect(leaf.checkHost('a.example.com')).toBe('a.example.com');
      expect(leaf.checkIP('10.0.1.11')).toBeUndefined();
    }
  });

  test('is judged as it was ordered', async () => {
    const by = service();
    const wanted = wantedOf(await authoritiesOf('create', specWith({ validity: '90d' }), by));
    const sight = by.judge(wanted, asSeen(await issued(by, wanted)));
    if (sight.kind !== 'seen') throw new Error(sight.because);
    expect(certificateFaults(wanted, sight, now)).toEqual({ faults: [], leafs: [] });
    expect(present(sight, 'peer').notAfter).toBe(START + 90 * DAY_MS);
    const later = instantOf(START + 61 * DAY_MS);
    expect(certificateFaults(wanted, sight, later).faults).toEqual(['certificates-due']);
    const late = instantOf(START + 90 * DAY_MS);
    expect(certificateFaults(wanted, sight, late).faults).toEqual(['certificates-expired']);
    const wider = certificatesFor(await authoritiesOf('use', specWith(), by), {
      dataDir: '/data/m1/data',
      names: ['10.0.1.10', 'b.example.com'],
    });
    expect(certificateFaults(wider, sight, now).faults).toEqual(['certificate-names-differ']);
  });

  test.each<[string, CertificateFile, string]>([
    ['absent', { kind: 'absent' }, 'absent'],
    ['unreadable', { kind: 'unreadable', because: 'EIO' }, 'unusable'],
    ['without a certificate', { kind: 'present', certificates: '' }, 'unusable'],
    [
      'no certificate',
      {
        kind: 'present',
        certificates: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      },
      'unusable',
    ],
  ])('%s', async (_, file, kind) => {
    const by = service();
    const wanted = wantedOf(await authoritiesOf('create', specWith(), by));
    const sight = by.judge(wanted, { [wanted.leafs.peer.path]: file });
    expect(sight).toMatchObject({ kind: 'seen', leafs: { peer: { kind } }, bundles: [] });
  });

  test('a key that is not the one of its certificate makes it unusable', async () => {
    const by = service();
    const wanted = wantedOf(await authoritiesOf('create', specWith(), by));
    const seen = asSeen(await issued(by, wanted));
    const { path } = wanted.leafs.peer;
    const sight = by.judge(wanted, {
      ...seen,
      [path]: { ...seen[path], keyFits: false } as CertificateFile,
    });
    expect(sight).toMatchObject({
      leafs: { peer: { kind: 'unusable' }, client: { kind: 'present' } },
    });
  });

  test('a certificate of an authority that we do not know has no issuer', async () => {
    const by = service();
    const wanted = wantedOf(await authoritiesOf('create', specWith(), by));
    const files = asSeen(await issued(by, wanted));
    await rm(directory, { recursive: true });
    const other = service();
    const next = wantedOf(await authoritiesOf('create', specWith(), other));
    const sight = other.judge(next, files);
    if (sight.kind !== 'seen') throw new Error(sight.because);
    expect(present(sight, 'peer').issuer).toBeUndefined();
    expect(certificateFaults(next, sight, now).faults).toContain('issuer-differs');
  });
});

describe('renewal that was asked for', () => {
  test('makes due what was made before, and not what is made after', async () => {
    const by = service();
    const wanted = wantedOf(await authoritiesOf('create', specWith(), by));
    const before = asSeen(await issued(by, wanted));
    now = instantOf(now + 10_000);
    expect(await askForRenewal(directory, now)).toEqual({ ok: true, value: undefined });
    const asked = wantedOf(await authoritiesOf('use', specWith(), by));
    const faultsOf = (files: Readonly<Record<string, CertificateFile>>) => {
      const sight = by.judge(asked, files);
      return sight.kind === 'seen' ? certificateFaults(asked, sight, now).faults : ['unseen'];
    };
    expect(faultsOf(before)).toEqual(['certificates-due']);
    expect(faultsOf(asSeen(await issued(by, asked)))).toEqual([]);
  });
});

describe('a rotation', () => {
  test('goes through its phases, each durable, as the pure description says', async () => {
    const old = await authoritiesOf();
    await askForRotation(directory, random);
    expect(await authoritiesOf('look')).toEqual(old);
    const both = await authoritiesOf('use');
    expect(both.planes.client.trusted).toHaveLength(2);
    expect(both.planes.client.issuer).toBe(old.planes.client.issuer);
    expect(both.planes.client.bundle).not.toBe(old.planes.client.bundle);
    expect(await authoritiesOf('use')).toEqual(both);

    expect((await service().advance('issue-new', NEVER)).kind).toBe('applied');
    const issuing = await authoritiesOf('use');
    expect(issuing).toEqual(advanced(both, 'issue-new'));

    expect((await service().advance('trust-new', NEVER)).kind).toBe('applied');
    const alone = await authoritiesOf('use');
    expect(alone).toEqual(advanced(issuing, 'trust-new'));
    expect(alone.planes.client.trusted).toEqual([both.planes.client.trusted.at(-1)]);
    expect(await authoritiesOf('use')).toEqual(alone);
  });

  test('keeps what this seat shows and trusts in step', async () => {
    const { own, trust } = seatFiles(directory).client;
    const old = await authoritiesOf();
    const first = await readFile(own, 'utf8');
    await askForRotation(directory, random);
    await authoritiesOf('use');
    expect(await readFile(own, 'utf8')).toBe(first);
    expect((await readFile(trust, 'utf8')).match(/BEGIN/g)).toHaveLength(2);
    await service().advance('issue-new', NEVER);
    const { planes } = await authoritiesOf('use');
    expect(await readFile(own, 'utf8')).not.toBe(first);
    expect(planes.client.issuer).not.toBe(old.planes.client.issuer);
  });

  test('waits for programs that have a certificate of the old authority', async () => {
    await authoritiesOf();
    const order = { cluster: 'prod', name: 'ci', validityMs: DAY_MS, auto: {}, now, random };
    const client = await issueClient(directory, order);
    if (!client.ok) throw new Error(client.error.detail);
    expect(new X509Certificate(client.value.certificate).subject).toBe('O=prod\nCN=ci');
    await askForRotation(directory, random);
    expect((await authoritiesOf('use')).heldBy).toEqual(['ci']);
    const again = await issueClient(directory, order);
    expect(again.ok && again.value.bundle.match(/BEGIN/g)).toHaveLength(2);
    // That another one was issued does not say that it is in its place.
    expect((await authoritiesOf('use')).heldBy).toEqual(['ci']);
    await askToFinish(directory);
    expect((await authoritiesOf('use')).heldBy).toEqual([]);
  });

  test('does not wait for who has expired, nor when somebody says so', async () => {
    await authoritiesOf();
    const order = { cluster: 'prod', validityMs: DAY_MS, auto: {}, now, random };
    await issueClient(directory, { ...order, name: 'short' });
    await issueClient(directory, { ...order, name: 'long', validityMs: 30 * DAY_MS });
    await askForRotation(directory, random);
    now = instantOf(now + 2 * DAY_MS);
    expect((await authoritiesOf('use')).heldBy).toEqual(['long']);
    await askToFinish(directory);
    expect((await authoritiesOf('use')).heldBy).toEqual([]);
  });

  test('that programs were ready for one authority says nothing of the one after it', async () => {
    await authoritiesOf();
    const order = { cluster: 'prod', name: 'ci', validityMs: 900 * DAY_MS, auto: {}, now, random };
    await issueClient(directory, order);
    await askToFinish(directory);
    await askForRotation(directory, random);
    expect((await authoritiesOf('use')).heldBy).toEqual(['ci']);
    await issueClient(directory, order);
    await askToFinish(directory);
    expect((await authoritiesOf('use')).heldBy).toEqual([]);
    expect((await service().advance('issue-new', NEVER)).kind).toBe('applied');
    expect((await service().advance('trust-new', NEVER)).kind).toBe('applied');
    await askForRotation(directory, random);
    expect((await authoritiesOf('use')).heldBy).toEqual(['ci']);
  });

  test('begins by itself when two thirds of the life of an authority are over', async () => {
    await authoritiesOf();
    now = instantOf(now + 2430 * DAY_MS);
    expect((await authoritiesOf('use')).planes.peer.trusted).toHaveLength(1);
    now = instantOf(now + 10 * DAY_MS);
    expect((await authoritiesOf('use')).planes.peer.trusted).toHaveLength(2);
  });
});

describe('an authority of ones own', () => {
  const own = async (name: string): Promise<AutoTLS> => {
    const life = { notBeforeMs: START, notAfterMs: START + 1000 * DAY_MS };
    const pair = await makeAuthority(random, `CN=${name}`, life);
    const file = (last: string) => join(directory, '..', last);
    await writeFile(file(`${name}.crt`), pair.certificate);
    await writeFile(file(`${name}.key`), pair.key);
    return { ca: { cert: file(`${name}.crt`), key: file(`${name}.key`) } };
  };

  test('issues on both planes, and its key stays where it is', async () => {
    const spec = specWith(await own('house'));
    const by = service();
    const authorities = await authoritiesOf('create', spec, by);
    expect(authorities.planes.peer.issuer).toBe(authorities.planes.client.issuer);
    const files = await readdir(pkiLayout(directory).authorities);
    expect(files.filter((file) => file.endsWith('.key'))).toEqual([]);
    const wanted = wantedOf(authorities);
    const sight = by.judge(wanted, asSeen(await issued(by, wanted)));
    if (sight.kind !== 'seen') throw new Error(sight.because);
    expect(certificateFaults(wanted, sight, now).faults).toEqual([]);
  });

  test('takes over from ours by a rotation, and ours from it', async () => {
    const ours = await authoritiesOf();
    const spec = specWith(await own('house'));
    const both = await authoritiesOf('use', spec);
    expect(both.planes.client.trusted[0]).toBe(ours.planes.client.issuer);
    expect(both.planes.client.trusted).toHaveLength(2);
    await service().advance('issue-new', NEVER);
    await service().advance('trust-new', NEVER);
    expect((await authoritiesOf('use', spec)).planes.client.trusted).toHaveLength(1);
    expect((await authoritiesOf('use', specWith())).planes.client.trusted).toHaveLength(2);
  });

  test('whose key is another one is told', async () => {
    const [{ ca: a }, { ca: b }] = [await own('a'), await own('b')];
    if (a === undefined || b === undefined) throw new Error('no authority');
    const spec = specWith({ ca: { cert: a.cert, key: b.key } });
    const found = await service().authorities(spec, 'create', NEVER);
    expect(found).toMatchObject({ ok: false, error: { code: 'authority-unusable' } });
  });
});
