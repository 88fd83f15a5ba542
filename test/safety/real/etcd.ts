import { renderProblem, systemClock } from '../../../src/base/index.js';
import { type EtcdVersion, parseEtcdVersion } from '../../../src/core/cluster/index.js';
import { createBinaries, defaultCacheDir } from '../../../src/services/binaries/index.js';
import { progress } from '../command.js';

export interface RealEtcd {
  readonly version: EtcdVersion;
  readonly path: string;
}

/** A Go toolchain may have to build it. */
const FETCH_MS = 600_000;

/** The etcd of a minor as the product itself finds or fetches it. Throws, with the reason, when it cannot be had. */
export async function realEtcd(minor: string): Promise<RealEtcd> {
  const binaries = createBinaries({
    cacheDir: defaultCacheDir(process.env),
    env: process.env,
    clock: systemClock,
    progress: (event) => {
      if (event.kind === 'fetching' && event.receivedBytes === undefined) {
        progress(`fetching ${event.name} ${event.version} from ${event.source}`);
      }
    },
  });
  const found = await binaries.resolve('etcd', minor, AbortSignal.timeout(FETCH_MS));
  if (!found.ok) {
    throw new Error(`etcd ${minor} cannot be had here.\n${renderProblem(found.error)}`);
  }
  const version = parseEtcdVersion(found.value.version);
  if (version === undefined) throw new Error(`${found.value.version} is no version of etcd`);
  return { version, path: found.value.path };
}
