import { X509Certificate } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, unsafeBrand } from '../../base/index.js';
import type { ClientURL, Consumer, HostName } from '../../core/cluster/index.js';
import type { HostShell, ShellEnd } from '../../engine/ports/index.js';
import { createConsumers } from './index.js';
import {
  FIRST_AUTHORITY,
  OF_THE_FIRST,
  OF_THE_SECOND,
  SECOND_AUTHORITY,
} from './testing/certificates.js';
import { localShell } from './testing/local-shell.js';
import { type SmallHost, smallHost } from './testing/small-host.js';

const HOST = unsafeBrand<HostName>('10.0.1.10');
const signal = new AbortController().signal;

let host: SmallHost;
beforeEach(() => (host = smallHost()));
afterEach(() => host.close());

const flannel = (more: Partial<Consumer> = {}): Consumer => ({
  host: HOST,
  endpoints: 'members',
  program: { kind: 'flannel', at: { kind: 'unit', unit: 'flanneld.service' } },
  ...more,
});

const unitFile = (endpoints: string) => `# by hand
[Service]
ExecStart=${host.directory}/bin/flanneld --iface=eth0 --etcd-endpoints=${endpoints} --v=2
Restart=always
`;

const here = (instead?: (script: string) => ShellEnd | undefined, gateMs = 20_000) =>
  createConsumers({
    shell: localShell({ env: host.env, ...(instead === undefined ? {} : { instead }) }),
    clock: systemClock,
    stateDir: join(host.directory, 'state'),
    timings: { pollMs: 50, gateMs },
  });

const systemctl = async (verb: string) => {
  const script = `systemctl ${verb} -- flanneld.service`;
  await localShell({ env: host.env }).run(HOST, { doing: '', script, deadlineMs: 9e3 }, signal);
};

/** The same shell; everything that scripts printed is kept, what they wrapped in base64 as text. */
const heard = (shell: HostShell, all: string[]): HostShell => ({
  ...shell,
  run: async (...args) => {
    const end = await shell.run(...args);
    if (end.kind !== 'ended') return end;
    const text = Buffer.from(end.stdout).toString('utf8');
    const wrapped = text.match(/^(?: {2}.*\n)+/gm) ?? [];
    all.push(text, ...wrapped.map((lines) => Buffer.from(lines, 'base64').toString('utf8')));
    return end;
  },
});

const A_KEY = '-----BEGIN PRIVATE KEY-----\na secret\n-----END PRIVATE KEY-----\n';
const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

const kept = () => join(host.directory, 'state/consumers', 'flannel@10.0.1.10');
const restarts = (): number => {
  try {
    return readFileSync(join(host.directory, 'restarts'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
};

describe('a flanneld under systemd', () => {
  test('is seen with its endpoints and whom it is connected to', async () => {
    const a = await host.member();
    const nobody = 'http://127.0.0.1:1';
    host.write('units/flanneld.service', unitFile(`${nobody},${a}`));
    await systemctl('restart');
    await expect
      .poll(() => here().observe(flannel(), signal))
      .toMatchObject({
        kind: 'seen',
        id: 'flannel@10.0.1.10',
        names: [nobody, a],
        runsWith: [nobody, a],
        link: { kind: 'connected', to: [a] },
      });
  });

  test('tells whom it trusts, as it read it at its start, and what it shows; of a key nothing', async () => {
    const a = await host.member();
    const ca = host.write('pki/ca.crt', FIRST_AUTHORITY);
    const own = host.write('pki/own.pem', `${OF_THE_FIRST}${A_KEY}`);
    const tls = `--etcd-cafile ${ca} --etcd-certfile=${own} --etcd-keyfile=${own}`;
    host.write('units/flanneld.service', unitFile(a).replace('--v=2', tls));
    await systemctl('restart');
    const seen: string[] = [];
    const observed = async () => {
      const shell = heard(localShell({ env: host.env }), seen);
      const stateDir = join(host.directory, 'state');
      const consumers = createConsumers({ shell, clock: systemClock, stateDir });
      const sight = await consumers.observe(flannel(), signal);
      return sight.kind === 'seen' ? sight.tls : sight;
    };
    const [first, second] = [FIRST_AUTHORITY, SECOND_AUTHORITY].map((pem) => fingerprintOf(pem));
    await expect.poll(observed).toMatchObject({ trusts: [first], shows: { issuer: first } });

    // The file is another one, and the process goes on with what it read.
    host.write('pki/ca.crt', FIRST_AUTHORITY + SECOND_AUTHORITY);
    expect(await observed()).toMatchObject({ trusts: 'unread', shows: { issuer: first } });
    await systemctl('restart');
    await expect.poll(observed).toMatchObject({ trusts: [first, second] });

    // A certificate is read anew for each connection.
    host.write('pki/own.pem', `${OF_THE_SECOND}${A_KEY}`);
    expect(await observed()).toMatchObject({ trusts: [first, second], shows: { issuer: second } });
    const told = seen.join('\n');
    expect(told).toContain('BEGIN CERTIFICATE');
    expect(told).not.toContain('a secret');
  });

  test('gets its new endpoints and nothing else, is started once, and what it had is kept', async () => {
    const [a, b] = [await host.member(), await host.member()];
    const unit = host.write('units/flanneld.service', unitFile(a));
    chmodSync(unit, 0o640);
    await systemctl('restart');
    const before = restarts();
    expect(await here().update(flannel(), [b], signal)).toEqual({ kind: 'applied' });
    expect(readFileSync(unit, 'utf8')).toBe(unitFile(b));
    expect(statSync(unit).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(host.directory, 'units'))).toEqual(['flanneld.service']);
    expect(readFileSync(join(kept(), 'kept'), 'utf8')).toBe(unitFile(a));
    expect(readdirSync(kept())).toEqual(['kept']);
    expect(restarts()).toBe(before + 1);
    expect(await here().observe(flannel(), signal)).toMatchObject({
      names: [b],
      runsWith: [b],
      link: { kind: 'connected', to: [b] },
    });
  });

  test('that does not come back has its old ones again, and the try is remembered', async () => {
    const a = await host.member();
    const nobody = 'http://127.0.0.1:1';
    const unit = host.write('units/flanneld.service', unitFile(a));
    await systemctl('restart');
    const end = await here(undefined, 1500).update(flannel(), [nobody], signal);
    expect(end).toMatchObject({
      kind: 'refused',
      problem: { code: 'consumer-put-back', data: { endpoints: [nobody], isBack: true } },
    });
    expect(readFileSync(unit, 'utf8')).toBe(unitFile(a));
    expect(await here().observe(flannel(), signal)).toMatchObject({
      names: [a],
      runsWith: [a],
      link: { kind: 'connected', to: [a] },
      lastTry: { endpoints: [nobody], inARow: 1 },
    });
  });

  test('whose change was cut off in the middle says so, and the next update ends it', async () => {
    const [a, b] = [await host.member(), await host.member()];
    const unit = host.write('units/flanneld.service', unitFile(a));
    await systemctl('restart');
    const problem = {
      code: 'cut',
      data: {},
      summary: 'the connection ended',
      detail: '',
      hint: '',
    };
    const cutAtRestart = (script: string): ShellEnd | undefined =>
      script.includes('daemon-reload') ? { kind: 'cut', problem } : undefined;
    const end = await here(cutAtRestart).update(flannel(), [b], signal);
    expect(end).toMatchObject({ kind: 'unknown', problem: { code: 'consumer-half-told' } });
    expect(await here().observe(flannel(), signal)).toMatchObject({
      names: [b],
      runsWith: [a],
      isHalfTold: true,
    });
    expect(await here().update(flannel(), [b], signal)).toEqual({ kind: 'applied' });
    expect(readFileSync(unit, 'utf8')).toBe(unitFile(b));
    // What it had before the first of the two is what is kept.
    expect(readFileSync(join(kept(), 'kept'), 'utf8')).toBe(unitFile(a));
  });

  test('that runs with something else than its file says is started again and nothing is written', async () => {
    const [a, b] = [await host.member(), await host.member()];
    host.write('units/flanneld.service', unitFile(a));
    await systemctl('restart');
    host.write('units/flanneld.service', unitFile(b));
    expect(await here().update(flannel(), [b], signal)).toEqual({ kind: 'applied' });
    expect(await here().observe(flannel(), signal)).toMatchObject({ runsWith: [b] });
  });

  test('whose endpoints stand in its environment file', async () => {
    const [a, b] = [await host.member(), await host.member()];
    const env = host.write('default/flanneld', `# mine\nFLANNELD_ETCD_ENDPOINTS="${a}"\n`);
    host.write(
      'units/flanneld.service',
      `[Service]\nEnvironmentFile=${env}\nExecStart=${host.directory}/bin/flanneld\n`,
    );
    await systemctl('restart');
    expect(await here().update(flannel(), [a, b], signal)).toEqual({ kind: 'applied' });
    expect(readFileSync(env, 'utf8')).toBe(`# mine\nFLANNELD_ETCD_ENDPOINTS="${a},${b}"\n`);
    expect(await here().observe(flannel(), signal)).toMatchObject({ runsWith: [a, b] });
  });

  test('is not told https while it has no CA to trust', async () => {
    const a = await host.member();
    const unit = host.write('units/flanneld.service', unitFile(a));
    await systemctl('restart');
    const before = restarts();
    expect(await here().observe(flannel(), signal)).toMatchObject({
      lacks: {
        ca: { code: 'consumer-without-ca' },
        certificate: { code: 'consumer-without-certificate' },
      },
    });
    const https = a.replace('http:', 'https:');
    expect(await here().update(flannel(), [https], signal)).toMatchObject({
      kind: 'refused',
      problem: { code: 'consumer-without-ca' },
    });
    host.write('units/flanneld.service', unitFile(`${a} --etcd-cafile=/no/such/ca.crt`));
    expect(await here().update(flannel(), [https], signal)).toMatchObject({
      kind: 'refused',
      problem: { code: 'consumer-not-told', detail: expect.stringContaining('/no/such/ca.crt') },
    });
    expect(restarts()).toBe(before);
    expect(readFileSync(unit, 'utf8')).toContain(a);
    // It is noted, so that whoever acts on the cluster does something else for a while; and forgotten when it is told.
    expect(await here().observe(flannel(), signal)).toMatchObject({
      names: [a],
      lastTry: { endpoints: [https], isUntouched: true, problem: { code: 'consumer-not-told' } },
    });
    const b = await host.member();
    expect(await here().update(flannel(), [b], signal)).toEqual({ kind: 'applied' });
    expect(await here().observe(flannel(), signal)).not.toHaveProperty('lastTry');
    // Where they lie is asked when it is told; that it was told of them is seen before.
    const files = '--etcd-cafile=/ca.crt --etcd-certfile=/own.crt --etcd-keyfile=/own.key';
    host.write('units/flanneld.service', unitFile(`${a} ${files}`));
    expect(await here().observe(flannel(), signal)).not.toHaveProperty('lacks');
    const environment = 'Environment=FLANNELD_ETCD_CAFILE=/ca FLANNELD_ETCD_CERTFILE=/crt';
    host.write('units/flanneld.service', `${unitFile(a)}${environment}\n`);
    expect(await here().observe(flannel(), signal)).toMatchObject({
      lacks: { certificate: { detail: expect.stringContaining('FLANNELD_ETCD_KEYFILE') } },
    });
  });

  test('that is connected over https has what it needs, wherever it got it from', async () => {
    const [a, b] = [await host.member(), await host.member()].map((url) =>
      url.replace('http:', 'https:'),
    );
    host.write('units/flanneld.service', unitFile(a ?? ''));
    await systemctl('restart');
    expect(await here().observe(flannel(), signal)).not.toHaveProperty('lacks');
    expect(await here().update(flannel(), [b ?? ''], signal)).toEqual({ kind: 'applied' });
  });

  test.each([
    ['no unit', undefined, 'systemd says that flanneld.service is not-found'],
    [
      'no endpoints',
      '[Service]\nExecStart=/usr/local/bin/wrapper\n',
      'neither --etcd-endpoints nor',
    ],
  ])('%s is told and nothing is touched', async (_, text, because) => {
    if (text !== undefined) host.write('units/flanneld.service', text);
    expect(await here().observe(flannel(), signal)).toMatchObject({
      kind: 'unusable',
      problem: { code: 'consumer-unusable', detail: expect.stringContaining(because) },
    });
    expect(await here().update(flannel(), ['http://127.0.0.1:1'], signal)).toMatchObject({
      kind: 'refused',
    });
  });

  test('that does not run is broken, in the words of systemd', async () => {
    host.write('units/flanneld.service', unitFile('http://127.0.0.1:1'));
    expect(await here().observe(flannel(), signal)).toMatchObject({
      link: {
        kind: 'broken',
        because: 'systemd says that flanneld.service is failed (failed, exit-code)',
      },
    });
  });

  test('on a host that is not reached is unseen, and a change of it is refused', async () => {
    const problem = { code: 'x', data: {}, summary: 'no route to host', detail: '', hint: '' };
    const away = here(() => ({ kind: 'unreached', problem }));
    expect(await away.observe(flannel(), signal)).toEqual({
      kind: 'unseen',
      id: 'flannel@10.0.1.10',
      because: 'no route to host',
    });
    const end = await away.update(flannel(), ['http://127.0.0.1:1'], signal);
    expect(end).toMatchObject({ kind: 'refused', problem: { code: 'consumer-not-told' } });
  });
});

describe('a file of a template', () => {
  const file = (more: object = {}): Consumer => ({
    host: HOST,
    endpoints: 'members',
    program: {
      kind: 'file',
      path: join(host.directory, 'app.conf'),
      template: 'servers = {{endpoints}}\n',
      separator: ' ',
      ...more,
    },
  });
  const urls = ['http://a:2379', 'http://b:2379'].map((url) => unsafeBrand<ClientURL>(url));

  test('is made, read back, and reloaded', async () => {
    const reload = `echo reloaded >> ${host.directory}/log`;
    expect(await here().observe(file(), signal)).toMatchObject({
      names: [],
      link: { kind: 'unknown' },
    });
    expect(await here().update(file({ reload }), urls, signal)).toEqual({ kind: 'applied' });
    expect(readFileSync(join(host.directory, 'app.conf'), 'utf8')).toBe(
      'servers = http://a:2379 http://b:2379\n',
    );
    expect(readFileSync(join(host.directory, 'log'), 'utf8')).toBe('reloaded\n');
    expect(await here().observe(file(), signal)).toMatchObject({ names: urls });
  });

  test('with which its reader is not well is what it was before', async () => {
    const path = host.write('app.conf', 'servers = http://old:2379\n');
    const check = `grep -q old ${path} || { echo 'I need the old one' >&2; exit 1; }`;
    const end = await here(undefined, 300).update(file({ check }), urls, signal);
    expect(end).toMatchObject({
      kind: 'refused',
      problem: { code: 'consumer-put-back', detail: expect.stringContaining('I need the old one') },
    });
    expect(readFileSync(path, 'utf8')).toBe('servers = http://old:2379\n');
  });
});
