/** Certificates that are renewed under a client's hands, and tokens that end, on real members. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createClient, type CallResult, type EtcdClient } from './index.js';
import { LAB_LINES, startCluster } from './testing/real-etcd.js';

const START_MS = 30_000;

const reasonOf = (result: CallResult<unknown>): string => {
  if (result.ok) return 'ok';
  const { error } = result;
  return `${error.kind} ${error.kind === 'refused' ? error.reason : error.why}`;
};
const pollOk = (call: () => Promise<CallResult<unknown>>) =>
  vi.waitFor(async () => expect(reasonOf(await call())).toBe('ok'), {
    timeout: START_MS,
    interval: 50,
  });

let directory = '';
const path = (name: string) => join(directory, name);
const openssl = (...args: readonly string[]) =>
  execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });

/** An authority, and certificates that it signs for this machine and for a client. */
function authority(name: string, ...leaves: readonly string[]): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const ca = ['-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`];
  openssl('req', '-x509', ...key, ...ca, '-days', '2');
  writeFileSync(
    path('extensions'),
    'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
  );
  for (const leaf of leaves) {
    openssl('req', ...key, '-keyout', `${leaf}.key`, '-out', `${leaf}.csr`, '-subj', `/CN=${leaf}`);
    const signed = ['-CA', `${name}.crt`, '-CAkey', `${name}.key`, '-CAcreateserial'];
    const out = ['-out', `${leaf}.crt`, '-days', '2', '-extfile', 'extensions'];
    openssl('x509', '-req', '-in', `${leaf}.csr`, ...signed, ...out);
  }
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-tls-'));
  authority('ca', 'server', 'client', 'client2');
  authority('other-ca', 'other');
  openssl('genrsa', '-out', 'jwt.key', '2048');
  openssl('rsa', '-in', 'jwt.key', '-pubout', '-out', 'jwt.pub');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(LAB_LINES)('etcd %s', (line) => {
  test('a client follows its certificate files: new connections use what they hold', async () => {
    const flags = [
      `--cert-file=${path('server.crt')}`,
      `--key-file=${path('server.key')}`,
      `--trusted-ca-file=${path('ca.crt')}`,
      '--client-cert-auth',
    ];
    const cluster = await startCluster(line, 1, flags, 'https');
    const use = (ca: string, own: string) => {
      copyFileSync(path(`${ca}.crt`), path('in-use-ca.crt'));
      copyFileSync(path(`${own}.crt`), path('in-use.crt'));
      copyFileSync(path(`${own}.key`), path('in-use.key'));
    };
    const [member] = cluster.members;
    const tls = {
      caFile: path('in-use-ca.crt'),
      certFile: path('in-use.crt'),
      keyFile: path('in-use.key'),
    };
    use('ca', 'client');
    const client = createClient({ endpoints: cluster.endpoints, tls });
    const fresh = async (call: (client: EtcdClient) => Promise<void>) => {
      const other = createClient({ endpoints: cluster.endpoints, tls });
      try {
        await call(other);
      } finally {
        await other.close(0);
      }
    };
    const put = (by: EtcdClient) => by.kv.put('k', 'v', { deadlineMs: 2_000 });
    try {
      await pollOk(() => put(client));
      // What it is connected by stays; a member that restarts is connected to anew, with the new files.
      use('other-ca', 'client');
      expect(reasonOf(await put(client))).toBe('ok');
      await fresh(async (other) => expect(reasonOf(await put(other))).toBe('not-sent tls'));
      await member?.kill();
      member?.restart();
      await vi.waitFor(async () => expect(reasonOf(await put(client))).toBe('not-sent tls'), {
        timeout: START_MS,
        interval: 50,
      });
      use('ca', 'client2');
      await pollOk(() => put(client));
      // In the middle of a renewal the key is not the certificate's: what was there before serves on.
      copyFileSync(path('other.key'), path('in-use.key'));
      await member?.kill();
      member?.restart();
      await pollOk(() => put(client));
      await fresh(async (other) => expect(reasonOf(await put(other))).toBe('not-sent tls'));
    } finally {
      await client.close(0);
      await cluster.destroy();
    }
  });

  test('a signed token that ends is renewed, and no call notices', async () => {
    const token = `jwt,pub-key=${path('jwt.pub')},priv-key=${path('jwt.key')},sign-method=RS256,ttl=1s`;
    const cluster = await startCluster(line, 1, [`--auth-token=${token}`]);
    const { endpoints } = cluster;
    const auth = { username: 'root', password: 'secret' };
    const [admin, client] = [createClient({ endpoints }), createClient({ endpoints, auth })];
    try {
      await pollOk(() => admin.auth.userAdd('root', 'secret', { deadlineMs: 1_000 }));
      await admin.auth.roleAdd('root');
      expect(reasonOf(await admin.auth.userGrantRole('root', 'root'))).toBe('ok');
      expect(reasonOf(await admin.auth.enable())).toBe('ok');
      expect(reasonOf(await admin.kv.put('k', 'v'))).toMatch(/^refused (?:user-empty|auth)/);
      const watch = client.watch.open('k');
      expect((await watch.ready).ok).toBe(true);
      const endMs = performance.now() + 3_500;
      let calls = 0;
      while (performance.now() < endMs) {
        expect(reasonOf(await client.kv.put('k', String(calls++)))).toBe('ok');
        expect(reasonOf(await client.kv.get('k'))).toBe('ok');
      }
      expect(calls).toBeGreaterThan(10);
      let seen = 0;
      for await (const item of watch) {
        if (item.kind === 'events') seen += item.events.length;
        expect(item.kind).not.toBe('ended');
        if (seen === calls) break;
      }
    } finally {
      await Promise.all([admin.close(), client.close()]);
      await cluster.destroy();
    }
  });
});
