import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SYSTEM_PATH, fakeBinary, fakeProgram, linesOf, pack, tempDir } from './fakes.js';

export const FAKE_CRATE = 'etcd-bin-vendored-linux-amd64';

/** A cargo whose registry holds one version of the crate. */
export interface FakeCargo {
  readonly env: Readonly<Record<string, string>>;
  /** The SHA-256 that its index states. */
  readonly sha256: string;
  /** Its calls: `generate-lockfile …`, `fetch …`. */
  readonly calls: () => readonly string[];
}

export function fakeCargo(options: {
  readonly version: string;
  /** What the binary inside says, when it lies. */
  readonly says?: string;
  /** The digest in the index, when it is not the archive's. */
  readonly indexSha256?: string;
  /** Shell to run when the registry is asked. */
  readonly onAsk?: string;
  /** Shell to run before a fetch is done. */
  readonly beforeFetch?: string;
}): FakeCargo {
  const { version } = options;
  const dir = tempDir();
  const inside = `${FAKE_CRATE}-${version}`;
  fakeBinary(join(dir, inside, 'bin', 'etcd'), 'etcd', options.says ?? version);
  const archive = pack(join(dir, `${inside}.crate`), dir, inside);
  const sha256 =
    options.indexSha256 ?? createHash('sha256').update(readFileSync(archive)).digest('hex');
  const log = join(dir, 'calls');
  const home = join(dir, 'cargo-home');
  mkdirSync(home);
  const minor = version.split('.').slice(0, 2).join('.');
  fakeProgram(
    join(dir, 'bin', 'cargo'),
    `echo "$@" >> '${log}'
case "$1" in
generate-lockfile)
  ${options.onAsk ?? ':'}
  if ! grep -qE '"(=${version}|~${minor})"' Cargo.toml; then
    echo 'error: failed to select a version for the requirement' >&2; exit 101
  fi
  cat > Cargo.lock <<LOCK
version = 4

[[package]]
name = "${FAKE_CRATE}"
version = "${version}"
checksum = "${sha256}"

[[package]]
name = "quorate-fetch"
version = "0.0.0"
LOCK
  ;;
fetch)
  ${options.beforeFetch ?? ':'}
  mkdir -p "$CARGO_HOME/registry/cache/other" "$CARGO_HOME/registry/cache/this"
  cp '${archive}' "$CARGO_HOME/registry/cache/this/"
  ;;
esac`,
  );
  return {
    env: { PATH: `${join(dir, 'bin')}:${SYSTEM_PATH}`, HOME: dir, CARGO_HOME: home },
    sha256,
    calls: () => linesOf(log),
  };
}
