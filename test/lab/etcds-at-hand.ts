import { renderProblem, systemClock } from '../../src/base/index.js';
import {
  type Binaries,
  createBinaries,
  defaultCacheDir,
} from '../../src/services/binaries/index.js';
import type { RealEtcd } from './etcd.js';
import { MINORS } from './matrix.js';

/** A Go toolchain may have to build one of them. */
const FETCH_MS = 600_000;

type Say = (line: string) => void;

/** An etcd of every minor that the tests use, and an etcdctl if this machine has one; throws when one cannot be had. */
export async function fetchEtcds(say: Say): Promise<Readonly<Record<string, RealEtcd>>> {
  const binaries = productBinaries(say);
  const etcds: Record<string, RealEtcd> = {};
  for (const minor of MINORS) etcds[minor] = await fetchEtcd(binaries, minor, say);
  const ctl = (await binaries.atHand(AbortSignal.timeout(FETCH_MS))).find(
    ({ name }) => name === 'etcdctl',
  );
  return ctl === undefined ? etcds : { ...etcds, ctl };
}

function productBinaries(say: Say): Binaries {
  return createBinaries({
    cacheDir: defaultCacheDir(process.env),
    env: process.env,
    clock: systemClock,
    progress: (event) => {
      if (event.kind === 'fetching' && event.receivedBytes === undefined) {
        say(`fetching ${event.name} ${event.version} from ${event.source}`);
      }
      if (event.kind === 'building') {
        say(`building ${event.name} ${event.version} from ${event.source}; this takes a minute`);
      }
    },
  });
}

/** Through the product itself, into the product's own cache. */
async function fetchEtcd(binaries: Binaries, minor: string, say: Say): Promise<RealEtcd> {
  const found = await binaries.resolve('etcd', minor, AbortSignal.timeout(FETCH_MS));
  if (!found.ok) {
    throw new Error(
      `The lab needs etcd ${minor}, and it cannot be had here.\n${renderProblem(found.error)}`,
    );
  }
  const { version, path, origin, source } = found.value;
  say(`etcd ${version} is at hand (${origin ?? source})`);
  return { version, path };
}
