import { type Clock, type Logger, type Problem, ok } from '../../../base/index.js';
import { type TLSOptions, createClient, problemOfEtcdError } from '../../../etcd/index.js';
import { parseBackends } from '../addresses.js';
import type { Backend } from '../backend.js';
import type { BackendSource, SourceSeat } from './source.js';

const EVERY_MS = 2_000;
/** While a backend is out, the list may be why. */
const EVERY_MS_IN_DOUBT = 500;
const LIST_MS = 2_000;

/**
 * Begins with the endpoints given and keeps in step with the client URLs of the member list, read through the leader so
 * that no member that was removed or left behind is believed. While none of the listed can be reached from here, the
 * endpoints given are tried beside them.
 */
export function memberBackends(parts: {
  readonly endpoints: readonly string[];
  readonly tls: () => TLSOptions | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}): BackendSource {
  const { endpoints, tls, clock, logger } = parts;
  const hasTLS = tls() !== undefined;
  // It asks for the list only: it may follow it by itself, and needs no probes of its own.
  const newClient = () =>
    createClient({ endpoints, tls: tls(), clock, followMembers: true, balancer: 'pin-first' });
  let client = newClient();
  let seat: SourceSeat | undefined;
  let cancel: (() => void) | undefined;
  let isClosed = false;
  let isReadable = true;

  const tell = (problem: Problem | undefined) => {
    if (isReadable === (problem === undefined)) return;
    isReadable = problem === undefined;
    if (problem === undefined) logger.log('info', 'the member list can be read again');
    else {
      const because = problem.detail;
      logger.log('warn', 'the member list cannot be read; the last one stays', { because });
    }
  };
  const follow = async (): Promise<Problem | undefined> => {
    const listed = await client.cluster.memberListLinearizable({ deadlineMs: LIST_MS });
    if (!listed.ok) {
      return problemOfEtcdError(listed.error, { what: 'read the member list', target: 'etcd' });
    }
    // A member without a name has never run; where it will serve is not known yet.
    const urls = listed.value.members
      .filter(({ name }) => name !== '')
      .flatMap(({ clientURLs }) => clientURLs)
      .filter((url) => parseBackends([url], hasTLS).ok);
    const parsed = parseBackends(urls, hasTLS);
    if (parsed.ok && parsed.value.length > 0) seat?.update(withSeeds(parsed.value));
    return undefined;
  };
  const withSeeds = (backends: readonly Backend[]): readonly Backend[] => {
    const states = seat?.states() ?? [];
    const isGone = ({ url }: Backend) =>
      states.some(
        ({ backend, condition }) =>
          backend.url === url && (condition === 'unreachable' || condition === 'silent'),
      );
    if (!backends.every(isGone)) return backends;
    const seeds = parseBackends(endpoints, hasTLS);
    if (!seeds.ok) return backends;
    const listed = new Set(backends.map(({ url }) => url));
    return [...backends, ...seeds.value.filter(({ url }) => !listed.has(url))];
  };
  const refresh = async () => {
    cancel?.();
    const problem = await follow();
    if (isClosed) return undefined;
    tell(problem);
    const isInDoubt = seat?.states().some(({ isIn }) => !isIn) === true;
    cancel = clock.after(isInDoubt ? EVERY_MS_IN_DOUBT : EVERY_MS, () => void refresh());
    return problem;
  };
  return {
    name: 'the member list',
    start: async (given) => {
      seat = given;
      const seeds = parseBackends(endpoints, hasTLS);
      if (!seeds.ok) return seeds;
      cancel = clock.after(0, () => void refresh());
      return ok(seeds.value);
    },
    refresh: async () => {
      void client.close();
      client = newClient();
      return await refresh();
    },
    close: async () => {
      isClosed = true;
      cancel?.();
      await client.close(0);
    },
  };
}
