import { type Problem, defineProblem } from '../../base/index.js';
import { errnoOf } from '../../disk/index.js';

export {
  alreadyRunning,
  binaryNotRunnable,
  cancelled,
  dataDirDiffers,
  dataMissing,
  dataPresent,
  dataUnreadable,
  gatewayEnded,
  notTheProofsData,
  startedByHand,
  stopUnfinished,
} from '../evidence/index.js';

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

export const fileOutside = defineProblem(
  'file-outside',
  (d: { readonly host: string; readonly path: string; readonly directory: string }) => ({
    summary: `Not writing ${d.path} for ${d.host}: it lies outside its directory`,
    detail: `Its directory is ${d.directory}.`,
    hint: 'The record and the state directory do not fit together. Was the state directory moved?',
  }),
);
