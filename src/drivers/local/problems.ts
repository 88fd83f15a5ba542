import { type Problem, defineProblem, formatDurationMs } from '../../base/index.js';

export const alreadyRunning = defineProblem(
  'already-running',
  (d: { host: string; pid: number; dataDir: string }) => ({
    summary: `Did not start the member on ${d.host}: it runs already`,
    detail: `Process ${d.pid} uses ${d.dataDir}. Two processes never share one data directory.`,
    hint: '',
  }),
);

export const startedByHand = defineProblem(
  'started-by-hand',
  (d: { host: string; pid: number; dataDir: string }) => ({
    summary: `Left the process on ${d.host} alone: Quorate did not start it`,
    detail: `Process ${d.pid} uses ${d.dataDir} with arguments that Quorate never gives.`,
    hint: `End it yourself if it should not be there:\n  kill ${d.pid}`,
  }),
);

export const dataPresent = defineProblem(
  'data-present',
  (d: { host: string; purpose: string; dataDir: string; memberID: string; clusterID: string }) => ({
    summary: `Did not start the member on ${d.host} for a ${d.purpose}: its data directory is in use`,
    detail: `${d.dataDir} holds the log of member ${d.memberID} of cluster ${d.clusterID}.`,
    hint: '',
  }),
);

export const dataMissing = defineProblem(
  'data-missing',
  (d: { host: string; dataDir: string }) => ({
    summary: `Did not start the member on ${d.host} again: its data is gone`,
    detail: `${d.dataDir} holds no write-ahead log. A voter that starts without its log may vote twice.`,
    hint: 'Replace the member; the others bring the new one up to date:\n  quorate member replace NAME',
  }),
);

export const dataUnreadable = defineProblem(
  'data-unreadable',
  (d: { path: string; because: string }) => ({
    summary: `Cannot tell whose data is in ${d.path}`,
    detail: `${d.because}. Nothing there was touched.`,
    hint: 'Look at the directory. If it is not needed any more, move it away yourself.',
  }),
);

export const dataDirDiffers = defineProblem(
  'data-dir-differs',
  (d: { host: string; flag: string; found: string; expected: string }) => ({
    summary: `Did not start the member on ${d.host}: --${d.flag} points outside its host's directory`,
    detail: `It is ${d.found === '' ? 'absent' : d.found}; the local driver keeps this host's data in ${d.expected}.`,
    hint: `Take "${d.flag}" out of the spec's "etcd" section; if the state directory was moved, move it back.`,
  }),
);

export const binaryNotRunnable = defineProblem(
  'binary-not-runnable',
  (d: { host: string; path: string; because: string }) => ({
    summary: `Could not start etcd on ${d.host}`,
    detail: `${d.path}: ${d.because}`,
    hint: 'See which etcd binaries are at hand:\n  quorate versions',
  }),
);

export const gatewayEnded = defineProblem(
  'gateway-ended',
  (d: { host: string; words: string; log: string }) => ({
    summary: `The gateway on ${d.host} ended`,
    detail: d.words === '' ? 'It left no word.' : d.words,
    hint: `Its log says more:\n  tail ${d.log}`,
  }),
);

export const cancelled = defineProblem('cancelled', (d: { doing: string; host: string }) => ({
  summary: `Stopped before ${d.doing} on ${d.host}`,
  detail: 'It was cancelled in time; nothing was changed.',
  hint: '',
}));

export const stopUnfinished = defineProblem(
  'stop-unfinished',
  (d: { host: string; pid: number; waitedMs: number; forced: boolean }) => ({
    summary: `Do not know whether the member on ${d.host} has stopped`,
    detail:
      `Process ${d.pid} was asked to end ${formatDurationMs(d.waitedMs)} ago` +
      `${d.forced ? ', then ended by force,' : ''} and was still there.`,
    hint: '',
  }),
);

export const notTheProofsData = defineProblem(
  'not-the-proofs-data',
  (d: { host: string; found: string; expected: string }) => ({
    summary: `Did not move the data on ${d.host} aside: it is not what was proven superfluous`,
    detail: `Found: ${d.found}. Proven: ${d.expected}.`,
    hint: '',
  }),
);

export const noFreePorts = defineProblem(
  'no-free-ports',
  (d: { host: string; from: number; to: number }) => ({
    summary: `Found no free ports for ${d.host}`,
    detail: `No three neighbouring ports between ${d.from} and ${d.to} are free on 127.0.0.1.`,
    hint: 'Give the addresses in the spec (peerURLs, clientURLs), or end what uses those ports.',
  }),
);

export const addressNotHere = defineProblem(
  'address-not-here',
  (d: { host: string; url: string; because: string }) => ({
    summary: `Cannot listen on ${d.url} for ${d.host}`,
    detail: d.because,
    hint: 'With the local driver an address must be one of this machine, for example http://127.0.0.1:2380.',
  }),
);

export const stateDamaged = defineProblem(
  'state-damaged',
  (d: { path: string; because: string }) => ({
    summary: `Cannot use ${d.path}`,
    detail: `${d.because}. Quorate does not guess what it said.`,
    hint: 'Bring the file back from a copy, or move it away so that it is rebuilt from what the members say.',
  }),
);

export const wishConflict = defineProblem(
  'wish-conflict',
  (d: { path: string; basedOn: number; found: number }) => ({
    summary: 'Somebody else changed what is wanted at the same moment',
    detail: `This change was based on generation ${d.basedOn} of ${d.path}, which is at ${d.found} now.`,
    hint: 'Look at the new state and repeat the command:\n  quorate status',
  }),
);

export const directoryFull = defineProblem(
  'directory-full',
  (d: { doing: string; path: string; because: string }) => ({
    summary: `Could not ${d.doing}: no space left`,
    detail: `${d.path}: ${d.because}`,
    hint: `See what fills the disk:\n  df -h ${d.path}\n  df -i ${d.path}`,
  }),
);
export const directoryReadOnly = defineProblem(
  'directory-read-only',
  (d: { doing: string; path: string; because: string }) => ({
    summary: `Could not ${d.doing}: the file system is read-only`,
    detail: `${d.path}: ${d.because}`,
    hint: 'Mount it writable, or keep the state elsewhere by setting QUORATE_HOME.',
  }),
);
export const directoryForbidden = defineProblem(
  'directory-forbidden',
  (d: { doing: string; path: string; because: string }) => ({
    summary: `Could not ${d.doing}: no permission`,
    detail: `${d.path}: ${d.because}`,
    hint: `Look at its owner and mode:\n  ls -ld ${d.path}`,
  }),
);
export const directoryUnusable = defineProblem(
  'directory-unusable',
  (d: { doing: string; path: string; because: string }) => ({
    summary: `Could not ${d.doing}`,
    detail: `${d.path}: ${d.because}`,
    hint: 'Keep the state elsewhere by setting QUORATE_HOME.',
  }),
);

const BECAUSE: Readonly<Record<string, string>> = {
  ENOTDIR: 'a part of this path is a file, not a directory',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'the path goes round in a circle of symbolic links',
  EEXIST: 'there is something else with this name',
};

/** The true reason why a file or directory could not be used. `doing` completes "Could not …". */
export function directoryProblem(doing: string, path: string, error: unknown): Problem {
  const code = errnoOf(error);
  const because = BECAUSE[code] ?? (error instanceof Error ? error.message : String(error));
  const data = { doing, path, because };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return directoryFull(data);
    case 'EROFS':
      return directoryReadOnly(data);
    case 'EACCES':
    case 'EPERM':
      return directoryForbidden(data);
    default:
      return directoryUnusable(data);
  }
}

/** The system's name of an error (`ENOENT`), or '' when it has none. */
export const errnoOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
