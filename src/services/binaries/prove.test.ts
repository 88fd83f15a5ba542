import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { binaryMute } from './problems.js';
import { askVersion, parseVersionOutput } from './prove.js';
import { SYSTEM_PATH, fakeBinary, fakeProgram, tempDir } from './scenarios/fakes.js';

const never = new AbortController().signal;

describe('what a program says of its version', () => {
  it('etcd as upstream builds it', () => {
    const said =
      'etcd Version: 3.6.15\nGit SHA: a334642\nGo Version: go1.25.12\nGo OS/Arch: linux/amd64\n';
    expect(parseVersionOutput('etcd', said)).toEqual({ version: '3.6.15', gitSha: 'a334642' });
  });

  it.each(['gomod', 'Not provided (use ./build instead of go build)', 'GitNotFound'])(
    'a build without its commit: %s',
    (sha) => {
      expect(parseVersionOutput('etcd', `etcd Version: 3.5.16\nGit SHA: ${sha}\n`)).toEqual({
        version: '3.5.16',
      });
    },
  );

  it('a distribution’s suffix is not part of the version; a pre-release is', () => {
    expect(parseVersionOutput('etcd', 'etcd Version: 3.5.16+dfsg\n')?.version).toBe('3.5.16');
    expect(parseVersionOutput('etcd', 'etcd Version: 3.8.0-alpha.0\n')?.version).toBe(
      '3.8.0-alpha.0',
    );
  });

  it('etcdctl and etcdutl; and none is taken for another', () => {
    const ctl = 'etcdctl version: 3.6.16\nAPI version: 3.6\n';
    expect(parseVersionOutput('etcdctl', ctl)?.version).toBe('3.6.16');
    expect(parseVersionOutput('etcd', ctl)).toBeUndefined();
    expect(parseVersionOutput('etcdutl', ctl)).toBeUndefined();
  });

  it('a program that answers something else is refused with what it is', async () => {
    const path = fakeProgram(join(tempDir(), 'etcd'), 'echo hello');
    const said = await askVersion('etcd', path, { PATH: SYSTEM_PATH }, never);
    expect(said.ok).toBe(false);
    if (!said.ok) expect(binaryMute.is(said.error)).toBe(true);
  });

  it('a program for another machine is refused with the reason', async () => {
    const path = fakeProgram(join(tempDir(), 'etcd'), 'echo "cannot execute" >&2; exit 126');
    const said = await askVersion('etcd', path, { PATH: SYSTEM_PATH }, never);
    expect(!said.ok && said.error.data['reason']).toContain('exit code 126: cannot execute');
  });

  it('asks without the caller’s ETCD_ variables', async () => {
    const path = fakeProgram(join(tempDir(), 'etcd'), 'echo "etcd Version: 3.6.${ETCD_NAME:-1}"');
    const said = await askVersion('etcd', path, { PATH: SYSTEM_PATH, ETCD_NAME: '9' }, never);
    expect(said).toEqual({ ok: true, value: { version: '3.6.1' } });
  });

  it('reads the real output of a fake as the other tests use it', async () => {
    const path = fakeBinary(join(tempDir(), 'etcd'), 'etcd', '3.6.99');
    const said = await askVersion('etcd', path, { PATH: SYSTEM_PATH }, never);
    expect(said).toEqual({ ok: true, value: { version: '3.6.99', gitSha: 'abc1234' } });
  });
});
