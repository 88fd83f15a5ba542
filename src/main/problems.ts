import { defineProblem } from '../base/index.js';

export const stateInUse = defineProblem(
  'state-in-use',
  (d: { cluster: string; running: readonly string[]; by: string }) => ({
    summary: `Not touching the state of ${d.cluster}: it is in use`,
    detail: [
      d.running.length > 0 ? `Still running: ${d.running.join(', ')}.` : '',
      d.by === '' ? '' : `Held by ${d.by}.`,
    ]
      .filter((part) => part !== '')
      .join(' '),
    hint: `Stop it first:\n  quorate down ${d.cluster}`,
  }),
);

export const stateNotMoved = defineProblem(
  'state-not-moved',
  (d: { cluster: string; stateDir: string; because: string }) => ({
    summary: `Cannot move the state of ${d.cluster} away`,
    detail: `${d.stateDir}: ${d.because}`,
    hint: 'It is stopped and unchanged; move the directory yourself, or make room and try again.',
  }),
);

export const fileUnreadable = defineProblem(
  'file-unreadable',
  (d: { path: string; because: string }) => ({
    summary: `Cannot read ${d.path}`,
    detail: d.because,
    hint: '',
  }),
);

export const fileUnwritable = defineProblem(
  'file-unwritable',
  (d: { path: string; because: string }) => ({
    summary: `Cannot write ${d.path}`,
    detail: d.because,
    hint: '',
  }),
);

export const clusterNotOfSeat = defineProblem(
  'driver-differs',
  (d: { cluster: string; kept: string; wanted: string }) => ({
    summary: `${d.cluster} is kept by the driver "${d.kept}", and the spec says "${d.wanted}"`,
    detail:
      'A cluster does not move by its spec: under another driver it would be a second cluster of the same name.',
    hint:
      'Give the new one another name, or take the old one away first:\n  quorate destroy ' +
      d.cluster,
  }),
);
