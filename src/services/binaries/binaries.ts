import {
  type Problem,
  type Result,
  err,
  ok,
  systemClock,
  systemRandom,
  withDeadline,
} from '../../base/index.js';
import { compareVersions } from '../../core/cluster/index.js';
import { atHandFor, everythingAtHand, isNewer } from './at-hand.js';
import { binaryCache } from './cache.js';
import { dangerText } from './dangers.js';
import { isSystemError } from './files.js';
import { type InstallContext, install } from './install.js';
import { namedPaths } from './named-paths.js';
import { type Platform, placesIn, thisPlatform } from './places.js';
import {
  badVersionWish,
  binariesCancelled,
  fetchFailed,
  noBinary,
  sourceLacks,
  sourceSlow,
} from './problems.js';
import { crateSource } from './sources/crate.js';
import { debianSource } from './sources/debian.js';
import { goSource } from './sources/go.js';
import { releaseSource } from './sources/release.js';
import type { FetchSource, Offer } from './sources/source.js';
import {
  BINARY_NAMES,
  type Binaries,
  type BinariesOptions,
  type BinaryName,
  type FoundBinary,
  SOURCE_ORDER,
  type SourceName,
  type SourceOffer,
} from './types.js';
import { type Wish, fits, newestFirst, parseWish, wishText } from './wish.js';

/** `available` is for a person who looks at a list, and may wait a little longer than a start-up. */
const LISTING_DEADLINE_MS = 15_000;

/** The product's own set of sources, in order of preference. */
export const productSources = (
  env: BinariesOptions['env'],
  platform: Platform,
): readonly FetchSource[] => [
  releaseSource({ env, platform }),
  crateSource({ env, platform }),
  goSource({ env }),
  debianSource({ env }),
];

/** Opens the cache and the sources; does nothing yet. */
export const createBinaries = (options: BinariesOptions): Binaries =>
  binariesFrom(options, productSources(options.env, thisPlatform()));

/** The same over given sources; for tests. */
export function binariesFrom(
  options: BinariesOptions & { readonly lockWaitMs?: number },
  everySource: readonly FetchSource[],
): Binaries {
  const { env, clock } = options;
  const allowed = new Set(options.sources ?? SOURCE_ORDER);
  const places = placesIn(options.cacheDir);
  const unique = () => `${process.pid}-${systemRandom.hex(6)}`;
  const cache = binaryCache({ places, env, clock, unique });
  const paths = namedPaths({ paths: options.paths ?? [], places, env, unique });
  const local = { allowed, paths, cache };
  const progress = options.progress ?? (() => undefined);
  const context: InstallContext = {
    places,
    cache,
    env,
    clock,
    unique,
    progress,
    ...(options.lockWaitMs === undefined ? {} : { lockWaitMs: options.lockWaitMs }),
  };
  const fetchers = everySource
    .filter(({ name }) => options.offline !== true && allowed.has(name))
    .toSorted((a, b) => SOURCE_ORDER.indexOf(a.name) - SOURCE_ORDER.indexOf(b.name));

  async function resolve(
    name: BinaryName,
    text: string,
    signal: AbortSignal,
    ask: { readonly newest?: boolean },
  ): Promise<Result<FoundBinary, Problem>> {
    const wish = parseWish(text);
    if (wish === undefined) return err(badVersionWish({ wish: text }));
    const account: Account = [];
    const skip = (source: SourceName, problem: Problem) => {
      account.push({ source, problem });
      progress({ kind: 'skipped', source, name, wish: wishText(wish), problem });
    };
    const here = await atHandFor(name, wish, local, skip, signal);
    signal.throwIfAborted();
    const wantsNewer = ask.newest === true && wish.kind === 'minor';
    if (here !== undefined && (!wantsNewer || fetchers.length === 0)) return ok(here);

    const stop = new AbortController();
    const probing = AbortSignal.any([signal, stop.signal]);
    const probes = fetchers.map((source) => {
      progress({ kind: 'probing', source: source.name, name, wish: wishText(wish) });
      return probe(source, name, wish, probing);
    });
    try {
      const candidates = wantsNewer ? await newestOffersFirst(probes) : probes;
      for (const { source, offer } of candidates) {
        const answer = await offer;
        signal.throwIfAborted();
        if (!answer.ok) {
          skip(source.name, answer.error);
          continue;
        }
        if (here !== undefined && !isNewer(answer.value.version, here.version)) return ok(here);
        const installed = await install(context, source.name, name, answer.value, signal);
        if (installed.ok) return installed;
        skip(source.name, installed.error);
      }
      return here === undefined
        ? err(accountOf(name, wish, allowed, options.offline === true, account))
        : ok(here);
    } finally {
      // Whoever is still thinking is no longer asked; their processes are gone before we answer.
      stop.abort();
      await Promise.allSettled(probes.map(({ gone }) => gone));
    }
  }

  return {
    resolve: async (name, wish, signal, ask = {}) => {
      try {
        return await resolve(name, wish, signal, ask);
      } catch (error) {
        if (signal.aborted) return err(binariesCancelled({ wanted: `${name} ${wish}` }));
        throw error;
      }
    },
    atHand: async (signal) => {
      const found: FoundBinary[] = [];
      for (const name of BINARY_NAMES) found.push(...(await everythingAtHand(name, local, signal)));
      return found;
    },
    available: async (name, signal) => {
      const here = await everythingAtHand(name, local, signal);
      const offers = (['path', 'cache'] as const)
        .filter((source) => allowed.has(source))
        .map((source): SourceOffer => {
          const versions = here
            .filter((each) => each.source === source)
            .map((each) => each.version);
          return { source, versions: newestFirst(versions) };
        });
      return [
        ...offers,
        ...(await Promise.all(fetchers.map((source) => listOf(source, name, signal)))),
      ];
    },
  };
}

type Account = { readonly source: SourceName; readonly problem: Problem }[];
interface Probe {
  readonly source: FetchSource;
  readonly offer: Promise<Result<Offer, Problem>>;
  readonly gone: Promise<unknown>;
}

/** Asks one source. Whatever it offers is held against the wish once more, the same way for all. */
function probe(source: FetchSource, name: BinaryName, wish: Wish, signal: AbortSignal): Probe {
  const wanted = `${name} ${wishText(wish)}`;
  const asked = question(source, source.probeDeadlineMs, wanted, signal, (each) =>
    source.offer(name, wish, each),
  );
  const offer = asked.answer.then((answer) => {
    if (!answer.ok || fits(wish, answer.value.version)) return answer;
    const { version } = answer.value;
    const reason = `its newest is ${version}, which must be named exactly${dangerText(version)}`;
    return err(sourceLacks({ source: source.name, wanted, reason, advice: '' }));
  });
  // A bug in one source must not go unhandled while another one's answer is awaited; it is thrown when its turn comes.
  offer.catch(() => undefined);
  return { source, offer, gone: asked.gone };
}

async function listOf(
  source: FetchSource,
  name: BinaryName,
  signal: AbortSignal,
): Promise<SourceOffer> {
  const asked = question(source, LISTING_DEADLINE_MS, name, signal, (each) =>
    source.versions(name, each),
  );
  const [answer] = await Promise.all([asked.answer, asked.gone]);
  if (!answer.ok) return { source: source.name, versions: [], problem: answer.error };
  const { versions, note } = answer.value;
  const said = note === undefined ? {} : { note };
  return { source: source.name, versions: newestFirst(versions), ...said };
}

/** Puts a question to a source, with a deadline, and with the file system's refusals as Problems. */
function question<T>(
  { name: source }: FetchSource,
  deadlineMs: number,
  wanted: string,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<Result<T, Problem>>,
): {
  readonly answer: Promise<Result<T, Problem>>;
  /** Settles when everything the question started has ended, which may be after its deadline. Never rejects. */
  readonly gone: Promise<unknown>;
} {
  let work: Promise<unknown> = Promise.resolve();
  const put = async (): Promise<Result<T, Problem>> => {
    try {
      const answer = await withDeadline(systemClock, deadlineMs, signal, (each) => {
        const asked = ask(each);
        work = asked;
        return asked;
      });
      return answer.late ? err(sourceSlow({ source, wanted, deadlineMs })) : answer.value;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return err(fetchFailed({ source, wanted, reason: error.message, advice: '' }));
    }
  };
  const answer = put();
  return { answer, gone: Promise.allSettled([answer]).then(() => Promise.allSettled([work])) };
}

/** With `newest`, the version decides and the order of sources only among equals. Refusals stand first, to be told. */
async function newestOffersFirst(probes: readonly Probe[]): Promise<readonly Probe[]> {
  const answered = await Promise.all(
    probes.map(async (each) => ({ each, answer: await each.offer })),
  );
  return answered
    .toSorted((a, b) => {
      if (!a.answer.ok || !b.answer.ok) return Number(a.answer.ok) - Number(b.answer.ok);
      return compareVersions(b.answer.value.version, a.answer.value.version);
    })
    .map(({ each }) => each);
}

/** The account of every source, as one problem. A source that spoke twice has two lines. */
function accountOf(
  name: BinaryName,
  wish: Wish,
  allowed: ReadonlySet<SourceName>,
  offline: boolean,
  account: Account,
): Problem {
  const wanted = `${name} ${wishText(wish)}`;
  const silent = (
    [
      ['path', `no ${name} on PATH`],
      ['cache', `no ${wanted} in it`],
    ] as const
  )
    .filter(([source]) => allowed.has(source) && !account.some((each) => each.source === source))
    .map(([source, reason]) => ({
      source,
      problem: sourceLacks({ source, wanted, reason, advice: '' }),
    }));
  const inOrder = [...silent, ...account].toSorted(
    (a, b) => SOURCE_ORDER.indexOf(a.source) - SOURCE_ORDER.indexOf(b.source),
  );
  const tried = inOrder.map(({ source, problem }) => ({
    source,
    code: problem.code,
    reason: reasonOf(problem),
    hint: problem.hint,
  }));
  return noBinary({ name, wish: wishText(wish), offline, tried });
}

/** The sources' own refusals begin with what the account says already; of them only the reason is wanted. */
function reasonOf(problem: Problem): string {
  const { reason } = problem.data;
  const isRefusal = sourceLacks.is(problem) || fetchFailed.is(problem);
  const said = isRefusal && typeof reason === 'string' ? reason : problem.summary;
  return problem.detail === '' ? said : `${said} (${problem.detail})`;
}
