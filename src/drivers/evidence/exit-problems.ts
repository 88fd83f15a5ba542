import { type Problem, type ProblemKind, defineProblem } from '../../base/index.js';
import type { ExitReason } from '../../core/cluster/index.js';

/** What every account of an ended process carries: the host, etcd's own words, and how to look further. */
export type ExitData = {
  readonly host: string;
  readonly words: string;
  /** The command that shows its log; empty where it was seen as it ran. */
  readonly seeLog: string;
  readonly dataDir: string;
  /** What stands before a command to run it on that host: `ssh 10.0.1.10 `; empty for this machine. */
  readonly there: string;
};

type Text = { readonly because: string; readonly hint: (d: ExitData) => string };

/** One problem code per reason; the sentence says why, the detail quotes etcd. */
function exitProblem(code: string, text: Text): ProblemKind<ExitData> {
  return defineProblem(code, (d: ExitData) => ({
    summary: `The member on ${d.host} ended: ${text.because}`,
    detail: d.words === '' ? 'Its log ends without a reason.' : `etcd said: ${d.words}`,
    hint: text.hint(d),
  }));
}

const seeLog = (d: ExitData): string => (d.seeLog === '' ? '' : `Its log:\n  ${d.seeLog}`);

const BY_REASON = {
  asked: exitProblem('member-stopped', {
    because: 'it was asked to',
    hint: () => '',
  }),
  killed: exitProblem('member-killed', {
    because: 'something outside ended it',
    hint: (d) =>
      `A person, the kernel when memory ran out, or a restart of the machine:\n  ${d.there}dmesg | grep -i -e oom -e killed`,
  }),
  'port-taken': exitProblem('member-port-taken', {
    because: 'another process has its port',
    hint: (d) => {
      const port = /:(\d+): bind/.exec(d.words)?.[1];
      return port === undefined
        ? seeLog(d)
        : `See which one:\n  ${d.there}ss -ltnp 'sport = :${port}'`;
    },
  }),
  'disk-full': exitProblem('member-disk-full', {
    because: 'no space is left on its disk',
    hint: (d) =>
      `See what fills it (a member needs at least 130 MB):\n  ${d.there}df -h ${d.dataDir}`,
  }),
  'read-only': exitProblem('member-disk-read-only', {
    because: 'its file system is read-only',
    hint: (d) => `Mount it writable:\n  ${d.there}findmnt -T ${d.dataDir}`,
  }),
  permission: exitProblem('member-no-permission', {
    because: 'it has no permission for what it needs',
    hint: (d) => `Look at owners and modes:\n  ${d.there}ls -ldn ${d.dataDir}`,
  }),
  removed: exitProblem('member-removed', {
    because: 'it was removed from the cluster',
    hint: () => '',
  }),
  'already-bootstrapped': exitProblem('member-already-bootstrapped', {
    because: 'the cluster knows it already and it came without its data',
    hint: () => 'Replace it; its old identity must not start again:\n  quorate member replace NAME',
  }),
  'cannot-join': exitProblem('member-cannot-join', {
    because: 'the cluster it was to join did not confirm it',
    hint: (d) =>
      d.words.includes('; lookup ')
        ? 'The others are known by names that its DNS does not give. It is started again; see what the DNS has:\n  quorate dns check'
        : seeLog(d),
  }),
  'log-lost': exitProblem('member-log-lost', {
    because: 'it lost a part of its log that the leader knows it had',
    hint: () =>
      'Replace it; the others bring the new one up to date:\n  quorate member replace NAME',
  }),
  'meeting-refused': exitProblem('member-meeting-refused', {
    because: 'it could not register at the discovery service',
    hint: () =>
      'A discovery token serves one birth. Begin again with a fresh one (data is moved aside, not deleted):\n  quorate destroy\n  quorate apply',
  }),
  'bad-flags': exitProblem('member-bad-flags', {
    because: 'etcd does not accept its flags',
    hint: (d) => `Change the spec's "etcd" section. ${seeLog(d)}`,
  }),
  'wrong-version': exitProblem('member-wrong-version', {
    because: 'the etcd that ran is of another version than this member needs',
    hint: () => 'See which binaries are at hand:\n  quorate versions',
  }),
  other: exitProblem('member-failed', {
    because: 'etcd gave up',
    hint: seeLog,
  }),
} as const satisfies Record<ExitReason, ProblemKind<ExitData>>;

/** The reason in words, for people. */
export const problemOfExit = (reason: ExitReason, data: ExitData): Problem =>
  BY_REASON[reason](data);
