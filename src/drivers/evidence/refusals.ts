import { defineProblem, formatDurationMs } from '../../base/index.js';

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
    detail: `It is ${d.found === '' ? 'absent' : d.found}; this host's data is kept in ${d.expected}.`,
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
  (d: { host: string; words: string; seeLog: string }) => ({
    summary: `The gateway on ${d.host} ended`,
    detail: d.words === '' ? 'It left no word.' : d.words,
    hint: `Its log says more:\n  ${d.seeLog}`,
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
      `${d.pid === 0 ? 'The process' : `Process ${d.pid}`} was asked to end ${formatDurationMs(d.waitedMs)} ago` +
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
