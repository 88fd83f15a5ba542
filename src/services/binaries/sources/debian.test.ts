import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { SYSTEM_PATH, fakeBinary, fakeProgram, tempDir } from '../scenarios/fakes.js';
import { parseWish } from '../wish.js';
import { debianSource, readMirror, readPackageVersion } from './debian.js';

const never = new AbortController().signal;
const wish = (text: string) => parseWish(text) ?? { kind: 'minor' as const, minor: 'none' };

const DEB822 = `Types: deb
URIs: https://vendor.invalid/tools
Suites: bookworm
Components: main

Types: deb
URIs: http://mirror.invalid/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/debian.gpg
`;

function aptDirWith(file: string, text: string): string {
  const dir = tempDir();
  mkdirSync(join(dir, 'sources.list.d'));
  writeFileSync(join(dir, file), text);
  return dir;
}

/** apt-get and dpkg whose suite carries `carried`. */
function fakeApt(carried: string) {
  const dir = tempDir();
  const etcd = fakeBinary(join(dir, 'payload', 'etcd'), 'etcd', carried);
  const used = join(dir, 'sources-used');
  fakeProgram(
    join(dir, 'bin', 'apt-get'),
    `for each in "$@"; do case "$each" in Dir::Etc::sourcelist=*) cp "\${each#*=}" '${used}' ;; esac; done
case "$*" in *" download etcd-server") echo deb > etcd-server_${carried}+dfsg-4_amd64.deb ;; esac`,
  );
  fakeProgram(join(dir, 'bin', 'dpkg'), `mkdir -p "$3/usr/bin" && cp '${etcd}' "$3/usr/bin/etcd"`);
  const aptDir = aptDirWith('sources.list.d/debian.sources', DEB822);
  return {
    source: debianSource({ env: { PATH: `${join(dir, 'bin')}:${SYSTEM_PATH}` }, aptDir }),
    used,
  };
}

async function fetchFrom({ source }: ReturnType<typeof fakeApt>, text: string) {
  const offer = await source.offer('etcd', wish(text), never);
  if (!offer.ok) throw new Error(offer.error.summary);
  const dir = join(tempDir(), 'room');
  mkdirSync(dir);
  return { dir, fetched: await offer.value.fetch({ dir, signal: never, report: () => undefined }) };
}

describe('Debian’s packages', () => {
  it('are fetched from the machine’s own mirror, for the suite that carries the version, signed by its key', async () => {
    const apt = fakeApt('3.4.23');
    const { dir, fetched } = await fetchFrom(apt, '3.4');
    expect(fetched).toEqual({
      ok: true,
      value: { files: [{ name: 'etcd', path: join(dir, 'root', 'usr', 'bin', 'etcd') }] },
    });
    expect(readFileSync(apt.used, 'utf8')).toBe(
      'deb [signed-by=/keys/debian.gpg] http://mirror.invalid/debian bookworm main\n',
    );
  });

  it('a suite that has moved on is refused by what it carries now', async () => {
    const { fetched } = await fetchFrom(fakeApt('3.4.30'), '3.4.23');
    expect(fetched).toMatchObject({
      ok: false,
      error: {
        code: 'source-lacks',
        data: { reason: 'bookworm carries 3.4.30 by now, no longer 3.4.23' },
      },
    });
  });

  it('says why it cannot: another version, no Debian, no mirror', async () => {
    const reason = async (source: ReturnType<typeof debianSource>, text: string) => {
      const offer = await source.offer('etcd', wish(text), never);
      return offer.ok ? 'offered' : offer.error.data['reason'];
    };
    const { source } = fakeApt('3.4.23');
    expect(await reason(source, '3.6')).toBe('its suites carry 3.3.25, 3.4.23, 3.5.16, 3.5.30');
    expect(await reason(debianSource({ env: { PATH: tempDir() } }), '3.4')).toContain(
      'not a Debian',
    );
  });
});

describe('the machine’s mirror', () => {
  it('is read from both notations of apt, and never mistaken for a vendor’s archive', async () => {
    expect(await readMirror(aptDirWith('sources.list.d/debian.sources', DEB822))).toEqual({
      uri: 'http://mirror.invalid/debian',
      signedBy: '/keys/debian.gpg',
    });
    const lines = `# deb http://old.invalid/debian bullseye main
deb [arch=amd64] https://vendor.invalid/linux/debian bookworm stable
deb http://security.invalid/debian-security bookworm-security main
deb [signed-by=/keys/one.gpg arch=amd64] http://one.invalid/debian/ bookworm main contrib
`;
    expect(await readMirror(aptDirWith('sources.list', lines))).toEqual({
      uri: 'http://one.invalid/debian/',
      signedBy: '/keys/one.gpg',
    });
  });

  it('is unknown where apt names none', async () => {
    const ubuntu = 'deb http://archive.invalid/ubuntu noble main\n';
    expect(await readMirror(aptDirWith('sources.list', ubuntu))).toBeUndefined();
    expect(await readMirror(join(tempDir(), 'absent'))).toBeUndefined();
  });
});

describe('the version of a package', () => {
  it.each([
    ['etcd-server_3.3.25+dfsg-6_amd64.deb', '3.3.25'],
    ['etcd-server_3.5.16-4+b3_amd64.deb', '3.5.16'],
    ['etcd-server_1%3a3.5.30-1_amd64.deb', '3.5.30'],
    ['other.deb', undefined],
  ])('%s', (file, expected) => {
    expect(readPackageVersion(file)).toBe(expected);
  });
});
