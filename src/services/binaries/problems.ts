import { defineProblem, formatDurationMs } from '../../base/index.js';

/** A version that no source could mean. */
export const badVersionWish = defineProblem('bad-version-wish', (d: { wish: string }) => ({
  summary: `cannot look for etcd ${JSON.stringify(d.wish)}: that is no version`,
  detail: 'A version is a minor such as 3.6 (its newest patch) or an exact one such as 3.6.15.',
  hint: 'See which versions there are:\n  quorate versions',
}));

/** One line of the account: a source and why it did not supply the binary. */
export interface TriedSource {
  readonly [key: string]: string;
  readonly source: string;
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
}

/** Every allowed source was asked and none could. */
export const noBinary = defineProblem(
  'no-binary',
  (d: { name: string; wish: string; offline: boolean; tried: readonly TriedSource[] }) => {
    const hints = [...new Set(d.tried.map(({ hint }) => hint).filter((hint) => hint !== ''))];
    return {
      summary: `cannot find ${d.name} ${d.wish}: none of ${new Set(d.tried.map(({ source }) => source)).size} sources could supply it`,
      detail: d.tried.map(({ source, reason }) => `  ${source}: ${reason}`).join('\n'),
      hint: [
        ...(d.offline
          ? ['Only what is at hand was looked at, because of --offline: allow the network.']
          : []),
        ...hints,
        `Or put ${d.name} ${d.wish} on PATH. What is at hand and what could be had:\n  quorate versions`,
      ].join('\n'),
    };
  },
);

/** A source that cannot supply the wish: it does not carry it, or what it needs is missing here. */
export const sourceLacks = defineProblem(
  'source-lacks',
  (d: { source: string; wanted: string; reason: string; advice: string }) => ({
    summary: `${d.source} cannot supply ${d.wanted}: ${d.reason}`,
    detail: '',
    hint: d.advice,
  }),
);

/** A source that was asked for something and failed. */
export const fetchFailed = defineProblem(
  'fetch-failed',
  (d: { source: string; wanted: string; reason: string; advice: string }) => ({
    summary: `fetching ${d.wanted} from ${d.source} failed: ${d.reason}`,
    detail: '',
    hint: d.advice,
  }),
);

/** A source that gave no answer in time. */
export const sourceSlow = defineProblem(
  'source-slow',
  (d: { source: string; wanted: string; deadlineMs: number }) => ({
    summary: `${d.source} gave no answer about ${d.wanted} within ${formatDurationMs(d.deadlineMs)}`,
    detail: '',
    hint: '',
  }),
);

/** Downloaded bytes are not those that were promised. */
export const digestDiffers = defineProblem(
  'digest-differs',
  (d: { source: string; file: string; wantedSha256: string; seenSha256: string }) => ({
    summary: `refused ${d.file} from ${d.source}: its SHA-256 is not the one that was promised`,
    detail: `promised ${d.wantedSha256}, received ${d.seenSha256}`,
    hint: 'Either the download was damaged or somebody changed it. Nothing of it was kept; try again, then ask who runs the mirror.',
  }),
);

/** A program that says another version than the one it stands for. */
export const binaryLies = defineProblem(
  'binary-lies',
  (d: { name: string; path: string; source: string; wanted: string; printed: string }) => ({
    summary: `refused ${d.name} from ${d.source}: it stands for ${d.wanted} but says that it is ${d.printed}`,
    detail: d.path,
    hint: 'A member must never run another version than the plan was made for. Remove the file or name it by its true version.',
  }),
);

/** A program that does not say its version. */
export const binaryMute = defineProblem(
  'binary-mute',
  (d: { name: string; path: string; reason: string }) => ({
    summary: `cannot use ${d.path} as ${d.name}: ${d.reason}`,
    detail: '',
    hint: '',
  }),
);

/** A file in the cache is not the one that was put there. */
export const cacheAltered = defineProblem(
  'cache-altered',
  (d: { path: string; wantedSha256: string; seenSha256: string }) => ({
    summary: `will not use ${d.path}: it was changed after it had been fetched`,
    detail: `fetched with SHA-256 ${d.wantedSha256}, now ${d.seenSha256}`,
    hint: `To keep it, remove the record beside it; to have it fetched again, remove it:\n  rm ${d.path} ${d.path}.json`,
  }),
);

/** The cache directory cannot be read or written. */
export const cacheUnusable = defineProblem(
  'cache-unusable',
  (d: { dir: string; reason: string }) => ({
    summary: `cannot write to the cache of etcd binaries ${d.dir}: ${d.reason}`,
    detail: '',
    hint: 'Name another place for it:\n  export QUORATE_CACHE=DIRECTORY',
  }),
);

/** Somebody else has been fetching the same version for too long. */
export const fetchLocked = defineProblem(
  'fetch-locked',
  (d: { wanted: string; pid: number; host: string; waitedMs: number; lock: string }) => ({
    summary: `waited ${formatDurationMs(d.waitedMs)} for process ${d.pid} on ${d.host}, which is fetching ${d.wanted}`,
    detail: `It holds ${d.lock}.`,
    hint: 'Look what that process is doing; when it ends, its lock counts no more.',
  }),
);

/** The caller gave up. */
export const binariesCancelled = defineProblem('binaries-cancelled', (d: { wanted: string }) => ({
  summary: `stopped looking for ${d.wanted}, as asked`,
  detail: 'Nothing half-written was kept.',
  hint: '',
}));
