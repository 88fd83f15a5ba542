import { type Problem, defineProblem, formatDurationMs } from '../../base/index.js';

/** What every account of a host that was not reached carries; `login` is the command by which a person tries it. */
type Unreached = {
  readonly host: string;
  readonly doing: string;
  /** ssh's own words, or the host's. */
  readonly words: string;
  readonly login: string;
};

const couldNot = ({ doing, host }: Unreached): string => `Could not ${doing} on ${host}`;

export const sshRefused = defineProblem('ssh-refused', (d: Unreached) => ({
  summary: `${couldNot(d)}: nobody takes SSH connections there`,
  detail: d.words,
  hint: `See whether the host is up and its sshd runs, and on which port:\n  ${d.login} true`,
}));

export const sshNoAnswer = defineProblem('ssh-no-answer', (d: Unreached) => ({
  summary: `${couldNot(d)}: it does not answer`,
  detail: d.words,
  hint: `See whether the host is up and a way leads there:\n  ${d.login} true`,
}));

export const sshNameUnknown = defineProblem('ssh-name-unknown', (d: Unreached) => ({
  summary: `${couldNot(d)}: its name does not resolve on this seat`,
  detail: d.words,
  hint: `Give the host by address, or name it in your SSH configuration:\n  ${d.login} true`,
}));

export const sshHostKeyUnknown = defineProblem('ssh-host-key-unknown', (d: Unreached) => ({
  summary: `${couldNot(d)}: its host key is not known here`,
  detail: d.words,
  hint: `Log in once and compare the fingerprint with what the host itself says:\n  ${d.login} ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
}));

export const sshHostKeyChanged = defineProblem('ssh-host-key-changed', (d: Unreached) => ({
  summary: `${couldNot(d)}: its host key is another one than before`,
  detail: d.words,
  hint: `Somebody may stand between you and the host. Only if you know why it changed, forget the old key:\n  ssh-keygen -R ${d.host}`,
}));

export const sshPermissionDenied = defineProblem('ssh-permission-denied', (d: Unreached) => ({
  summary: `${couldNot(d)}: it does not let us log in`,
  detail: d.words,
  hint: `Nobody is asked for a password here: a key must do. See which are offered:\n  ${d.login.replace(/^ssh /, 'ssh -v ')} true`,
}));

export const sshNeedsPassword = defineProblem('ssh-needs-password', (d: Unreached) => ({
  summary: `${couldNot(d)}: sudo wants a password there`,
  detail: d.words,
  hint: `Log in as root, or let this user run sudo without a password (NOPASSWD). Try it:\n  ${d.login} sudo -n true`,
}));

export const sshNoRoot = defineProblem('ssh-no-root', (d: Unreached) => ({
  summary: `${couldNot(d)}: the user who logs in cannot become root`,
  detail: d.words,
  hint: `Log in as root, or as somebody who may run sudo without a password. Try it:\n  ${d.login} sudo -n true`,
}));

export const sshNoShell = defineProblem('ssh-no-shell', (d: Unreached) => ({
  summary: `${couldNot(d)}: the login ends without a shell`,
  detail: d.words === '' ? 'It left no word.' : d.words,
  hint: `A plain shell is needed. See what happens:\n  ${d.login} 'echo it works'`,
}));

export const sshFailed = defineProblem('ssh-failed', (d: Unreached) => ({
  summary: `${couldNot(d)}: the connection fails`,
  detail: d.words === '' ? 'ssh left no word.' : d.words,
  hint: `Try it by hand:\n  ${d.login} true`,
}));

export const sshNotForwarded = defineProblem(
  'ssh-not-forwarded',
  (d: { host: string; port: number; words: string; login: string }) => ({
    summary: `${d.host} does not let port ${d.port} of its loopback lead to this seat`,
    detail: d.words === '' ? 'ssh left no word.' : d.words,
    hint: `Its sshd must allow it (AllowTcpForwarding yes or remote), and nobody else may use the port. Or let the members meet at a place that they reach themselves: bootstrap.discovery.url. See who uses it:\n  ${d.login} ss -ltnp`,
  }),
);

export const sshMissing = defineProblem(
  'ssh-missing',
  (d: { program: string; because: string }) => ({
    summary: 'Cannot reach any host: the program ssh cannot be started on this seat',
    detail: `${d.program}: ${d.because}`,
    hint: 'Install the OpenSSH client.',
  }),
);

export const sshNoControlPath = defineProblem(
  'ssh-no-control-path',
  (d: { path: string; because: string }) => ({
    summary: 'Cannot reach any host: there is no place for the sockets of SSH connections',
    detail: `${d.path}: ${d.because}`,
    hint: 'Make it writable, or set XDG_RUNTIME_DIR to a short path that is.',
  }),
);

export const sshCancelled = defineProblem(
  'ssh-cancelled',
  (d: { host: string; doing: string }) => ({
    summary: `Stopped before we could ${d.doing} on ${d.host}`,
    detail: 'It was cancelled before anything was sent.',
    hint: '',
  }),
);

export const sshCut = defineProblem(
  'ssh-cut',
  (d: { host: string; doing: string; words: string }) => ({
    summary: `Do not know whether we could ${d.doing} on ${d.host}: the connection ended in the middle`,
    detail: d.words === '' ? 'ssh left no word.' : d.words,
    hint: '',
  }),
);

export const sshDeadline = defineProblem(
  'ssh-deadline',
  (d: { host: string; doing: string; deadlineMs: number; words: string }) => ({
    summary: `Do not know whether we could ${d.doing} on ${d.host}: no answer within ${formatDurationMs(d.deadlineMs)}`,
    detail: d.words,
    hint: '',
  }),
);

export const sshInterrupted = defineProblem(
  'ssh-interrupted',
  (d: { host: string; doing: string }) => ({
    summary: `Do not know whether we could ${d.doing} on ${d.host}: it was cancelled in the middle`,
    detail: '',
    hint: '',
  }),
);

/** ssh's own words for each reason; the first that fits. */
const CONNECTING: readonly (readonly [RegExp, (d: Unreached) => Problem])[] = [
  [/IDENTIFICATION HAS CHANGED|REVOKED HOST KEY/, sshHostKeyChanged],
  [/Host key verification failed|host key is known for/, sshHostKeyUnknown],
  [/Could not resolve hostname/, sshNameUnknown],
  [/Permission denied|Too many authentication failures/, sshPermissionDenied],
  [/Connection refused/, sshRefused],
  [/timed out|No route to host|Network is unreachable|not responding/, sshNoAnswer],
];

/** Why no connection came about, by what ssh said. */
export const connectingProblem = (d: Unreached): Problem =>
  (CONNECTING.find(([pattern]) => pattern.test(d.words))?.[1] ?? sshFailed)(d);

const BECOMING_ROOT: readonly (readonly [RegExp, (d: Unreached) => Problem])[] = [
  [/password is required|terminal is required|askpass/, sshNeedsPassword],
  [/sudo: |sudo: not found|not in the sudoers|may not run sudo|no new privileges/, sshNoRoot],
];

/** Why a login did not become a shell of root, by what the host said. */
export const becomingRootProblem = (d: Unreached): Problem =>
  (BECOMING_ROOT.find(([pattern]) => pattern.test(d.words))?.[1] ?? sshNoShell)(d);
