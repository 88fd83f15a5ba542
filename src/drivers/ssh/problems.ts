import { defineProblem } from '../../base/index.js';

export const hostNotSeen = defineProblem(
  'host-not-seen',
  (d: { host: string; doing: string; because: string }) => ({
    summary: `Could not ${d.doing} on ${d.host}: what is there cannot be seen`,
    detail: d.because,
    hint: '',
  }),
);

export const hostCommandFailed = defineProblem(
  'host-command-failed',
  (d: { host: string; doing: string; code: number; words: string }) => ({
    summary: `Could not ${d.doing} on ${d.host}`,
    detail:
      d.words === ''
        ? `A command there ended with code ${d.code} and said nothing.`
        : `The host said: ${d.words}`,
    hint: '',
  }),
);

export const hostBusy = defineProblem(
  'host-busy',
  (d: { host: string; doing: string; lock: string }) => ({
    summary: `Could not ${d.doing} on ${d.host}: another Quorate is changing this member`,
    detail: `${d.lock} is held.`,
    hint: '',
  }),
);

export const unitChanged = defineProblem(
  'unit-changed',
  (d: { host: string; file: string; difference: string; login: string }) => ({
    summary: `Somebody changed a unit of ours on ${d.host}`,
    detail: d.difference,
    hint: `It is not written over, and nothing is started with it. To have ours back, move the change aside:\n  ${d.login} mv ${d.file} ${d.file}.aside`,
  }),
);

export const unitGone = defineProblem(
  'unit-gone',
  (d: { host: string; file: string; unit: string; login: string }) => ({
    summary: `The unit of the member on ${d.host} is gone`,
    detail: `${d.file} is not there. The member runs, and would not come back by itself.`,
    hint: `It is written anew when the member is started. Stop it, and apply again:\n  ${d.login} systemctl stop ${d.unit}`,
  }),
);

export const binaryChanged = defineProblem(
  'binary-changed',
  (d: { host: string; file: string; difference: string; login: string }) => ({
    summary: `Somebody changed the etcd on ${d.host}`,
    detail: d.difference,
    hint: `A member that runs is not touched; where it is started again by itself, it is with the changed one. Take it away, and the next command brings the proven one:\n  ${d.login} mv ${d.file} ${d.file}.aside`,
  }),
);

export const unitNotStarted = defineProblem(
  'unit-not-started',
  (d: { host: string; unit: string; words: string; login: string }) => ({
    summary: `Did not start the member on ${d.host}: systemd refuses`,
    detail: d.words,
    hint: `Ask it:\n  ${d.login} systemctl status ${d.unit}`,
  }),
);

export const flagUnfit = defineProblem('flag-unfit', (d: { host: string; flag: string }) => ({
  summary: `Did not start the member on ${d.host}: a flag cannot be handed to systemd`,
  detail: `${d.flag} holds a blank, a quote or a backslash.`,
  hint: 'Take it out of the spec.',
}));

export const dataNotMounted = defineProblem(
  'data-not-mounted',
  (d: { host: string; mountPoint: string; login: string }) => ({
    summary: `The disk for the data on ${d.host} is not mounted`,
    detail: `${d.mountPoint} is in /etc/fstab and nothing is mounted there.`,
    hint: `Mount it; its data may be all there:\n  ${d.login} mount ${d.mountPoint}`,
  }),
);

export const binaryNotCopied = defineProblem(
  'binary-not-copied',
  (d: { host: string; path: string; because: string }) => ({
    summary: `Could not bring etcd to ${d.host}`,
    detail: `${d.path}: ${d.because}`,
    hint: '',
  }),
);

export const binaryOtherMachine = defineProblem(
  'binary-other-machine',
  (d: { host: string; found: string; path: string; machine: string }) => ({
    summary: `Could not bring etcd to ${d.host}: it is another kind of machine than this seat`,
    detail: `${d.host} is ${d.found}; ${d.path} is for ${d.machine}.`,
    hint: 'Let each host fetch its own, in the spec:\n  driver: { ssh: { binaries: fetched } }',
  }),
);

export const gatewayAddress = defineProblem(
  'gateway-address',
  (d: { host: string; listen: string }) => ({
    summary: `Did not start the gateway on ${d.host}: it listens at one address`,
    detail: `Asked for: ${d.listen}.`,
    hint: 'Give the proxy one client URL in the spec.',
  }),
);
