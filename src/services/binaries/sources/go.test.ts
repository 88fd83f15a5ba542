import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { SYSTEM_PATH, fakeProgram, tempDir } from '../scenarios/fakes.js';
import type { BinaryName } from '../types.js';
import { parseWish } from '../wish.js';
import { goSource, isOlder } from './go.js';

const never = new AbortController().signal;
const wish = (text: string) => parseWish(text) ?? { kind: 'minor' as const, minor: 'none' };

/** A Go toolchain of `goVersion` whose proxy knows 3.6.16, which needs Go 1.26. */
function fakeGo(goVersion: string) {
  const dir = tempDir();
  const log = join(dir, 'builds');
  fakeProgram(
    join(dir, 'go'),
    `case "$1 $2" in
"env GOVERSION") echo '${goVersion}' ;;
"list -m")
  case "$4" in
  *@v3.6|*@v3.6.16) echo '{"Version":"v3.6.16","GoVersion":"1.26.0"}' ;;
  go.etcd.io/*/v3) echo "$4 v3.6.0 v3.6.16" ;;
  *) echo "go: no matching versions for query" >&2; exit 1 ;;
  esac ;;
"build -p")
  while [ "$1" != -o ]; do shift; done
  { echo "flags=$GOFLAGS toolchain=$GOTOOLCHAIN cgo=$CGO_ENABLED work=$GOWORK os=$GOOS proxy=$GOPROXY package=$3"; cat go.mod; } > '${log}'
  echo built > "$2" ;;
esac`,
  );
  const env = {
    PATH: `${dir}:${SYSTEM_PATH}`,
    GOPROXY: 'mine',
    GOOS: 'plan9',
    GOFLAGS: '-mod=vendor',
  };
  return { source: goSource({ env }), log };
}

describe('the Go toolchain', () => {
  it.each<[BinaryName, string]>([
    ['etcd', 'go.etcd.io/etcd/server/v3'],
    ['etcdctl', 'go.etcd.io/etcd/etcdctl/v3'],
    ['etcdutl', 'go.etcd.io/etcd/etcdutl/v3'],
  ])(
    'builds %s from the published module, with the machine’s own toolchain',
    async (name, module) => {
      const { source, log } = fakeGo('go1.26.8');
      const offer = await source.offer(name, wish('3.6'), never);
      if (!offer.ok) throw new Error(offer.error.summary);
      expect(offer.value.version).toBe('3.6.16');
      const dir = join(tempDir(), 'room');
      mkdirSync(dir);
      const events: string[] = [];
      const fetched = await offer.value.fetch({
        dir,
        signal: never,
        report: (kind) => events.push(kind),
      });
      expect(fetched).toEqual({ ok: true, value: { files: [{ name, path: join(dir, name) }] } });
      expect(events).toEqual(['building']);
      const built = readFileSync(log, 'utf8');
      expect(built).toContain(
        `flags=-buildvcs=false -mod=mod toolchain=local cgo=0 work=off os= proxy=mine package=${module}`,
      );
      for (const each of ['server', 'etcdctl', 'etcdutl']) {
        expect(built).toContain(`require go.etcd.io/etcd/${each}/v3 v3.6.16`);
      }
    },
  );

  it('refuses with a Go that is too old, and says which one is needed', async () => {
    const { source } = fakeGo('go1.24.3');
    const offer = await source.offer('etcd', wish('3.6'), never);
    expect(offer).toMatchObject({
      ok: false,
      error: {
        code: 'source-lacks',
        data: { reason: 'etcd 3.6.16 needs Go 1.26.0 or newer, this is Go 1.24.3' },
        hint: 'Install Go 1.26.0 or newer to build etcd 3.6.16.',
      },
    });
  });

  it('says why it cannot: no Go, not published, unknown to the proxy', async () => {
    const reason = async (source: ReturnType<typeof goSource>, text: string) => {
      const offer = await source.offer('etcd', wish(text), never);
      return offer.ok ? 'offered' : offer.error.data['reason'];
    };
    expect(await reason(goSource({ env: { PATH: tempDir() } }), '3.6')).toBe('no go on PATH');
    const { source } = fakeGo('go1.26.8');
    expect(await reason(source, '3.4')).toBe(
      'etcd 3.4 is not published as modules that can be built',
    );
    expect(await reason(source, '3.6.77')).toContain('no matching versions for query');
  });

  it('lists what the proxy lists', async () => {
    const { source } = fakeGo('go1.26.8');
    const listed = await source.versions('etcd', never);
    expect(listed.ok && listed.value.versions).toEqual(
      expect.arrayContaining(['v3.6.0', 'v3.6.16']),
    );
  });

  it.each([
    ['1.25.9', '1.26.0', true],
    ['1.26.0', '1.26.0', false],
    ['1.26', '1.26.0', false],
    ['1.26.8', '1.26', false],
    ['2.0', '1.26.0', false],
    ['devel', '1.26.0', false],
  ])('Go %s is older than %s: %s', (have, needed, expected) => {
    expect(isOlder(have, needed)).toBe(expected);
  });
});
