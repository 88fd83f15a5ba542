import { describe, expect, test } from 'vitest';
import { instantOf, unsafeBrand } from '../../base/index.js';
import type { EtcdVersion, ExitReason, HostName, StartFlags } from '../../core/cluster/index.js';
import { type End, type EndedLife, SHORT_LIFE_MS, lastExitOf } from './last-exit.js';

const host = unsafeBrand<HostName>('m1');
const BORN_MS = 1_000_000;

const life = (over: Partial<EndedLife> = {}, flags: StartFlags = {}): EndedLife => ({
  launch: { purpose: 'birth', version: unsafeBrand<EtcdVersion>('3.6.15'), flags },
  spawnedAt: instantOf(BORN_MS),
  shortLivesBefore: 0,
  ...over,
});

const end = (lines: readonly string[], over: Partial<End> = {}): End => {
  const text = lines.map((line) => `${line}\n`).join('');
  return {
    host,
    dataDir: '/state/data',
    seeLog: 'tail -n 50 /state/etcd.log',
    there: '',
    log: { head: text, tail: text, lastWriteMs: BORN_MS + 100 },
    seenMs: undefined,
    rebooted: false,
    hasLog: false,
    ...over,
  };
};

const line = (level: string, msg: string, error?: string): string =>
  JSON.stringify({
    level,
    ts: '2026-01-01T00:00:00Z',
    caller: 'x.go:1',
    msg,
    error,
    stacktrace: 's',
  });
const RAFT = line('info', 'c4f90142824dae4b became follower at term 0');
const STARTING = line('info', 'starting an etcd server');

const reasonOf = (lines: readonly string[]): ExitReason => lastExitOf(life(), end(lines)).reason;

describe('why a member ended, by its last words', () => {
  test.each<[ExitReason, string]>([
    [
      'port-taken',
      line('fatal', 'discovery failed', 'listen tcp 127.0.0.1:23101: bind: address already in use'),
    ],
    [
      'port-taken',
      '2026-01-01 10:00:00.505249 C | etcdmain: listen tcp 127.0.0.1:23101: bind: address already in use',
    ],
    ['disk-full', line('panic', 'failed to create WAL', 'no space left on device')],
    ['disk-full', 'panic: failed to create WAL: no space left on device'],
    [
      'read-only',
      line(
        'fatal',
        'discovery failed',
        'cannot access data directory: mkdir /d: read-only file system',
      ),
    ],
    ['permission', line('fatal', 'failed to list data directory', 'open /d: permission denied')],
    [
      'already-bootstrapped',
      line('fatal', 'discovery failed', 'member 4989edb431714070 has already been bootstrapped'),
    ],
    [
      'cannot-join',
      line(
        'fatal',
        'discovery failed',
        'cannot fetch cluster info from peer urls: could not retrieve',
      ),
    ],
    [
      'cannot-join',
      line(
        'fatal',
        'discovery failed',
        'error validating peerURLs {ClusterID:6a Members:[]}: member count is unequal',
      ),
    ],
    ...[
      'discovery: found duplicate id',
      'discovery: found duplicate name',
      'discovery: cluster is full',
      'discovery: size key not found',
      'discovery: size key is bad',
      'discovery: bad discovery endpoint',
      '100: Key not found (/tok) [4]',
      'client: etcd member http://127.0.0.1:2379 has no leader',
    ].map((words): [ExitReason, string] => [
      'meeting-refused',
      line('fatal', 'discovery failed', words),
    ]),
    // As etcd ends whose token was full or knew it: warnings, and exit code 1.
    ...[
      line(
        'warn',
        'failed to bootstrap; discovery token was already used',
        'failed to join discovery cluster (discovery: cluster is full)',
      ),
      line('warn', 'member has been registered with discovery service'),
      line('warn', 'member with duplicated name has already been registered'),
    ].map((words): [ExitReason, string] => ['meeting-refused', words]),
    [
      'log-lost',
      line(
        'panic',
        'tocommit(8) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?',
      ),
    ],
    [
      'removed',
      line('warn', 'server error', 'the member has been permanently removed from the cluster'),
    ],
    ['bad-flags', 'flag provided but not defined: -nonsense'],
    ['bad-flags', 'invalid value "abc" for flag -heartbeat-interval: parse error'],
    [
      'bad-flags',
      line(
        'warn',
        'failed to verify flags',
        '--election-timeout[1000ms] should be at least as 5 times',
      ),
    ],
    [
      'bad-flags',
      line(
        'fatal',
        'discovery failed',
        'couldn\'t find local name "d5" in the initial cluster configuration',
      ),
    ],
    [
      'wrong-version',
      line('panic', 'invalid downgrade; server version is lower than determined cluster version'),
    ],
    ['other', line('fatal', 'discovery failed', 'something new')],
    ['other', 'fatal error: fault'],
    ['killed', line('info', 'ready to serve client requests')],
    ['killed', line('info', 'received signal; shutting down')],
  ])('%s: %s', (reason, last) => {
    expect(reasonOf([STARTING, last, 'goroutine 1 [running]:', 'main.main()'])).toBe(reason);
  });

  test('a removed member that then fails to listen was still removed', () => {
    const removed = line(
      'warn',
      'server error',
      'the member has been permanently removed from the cluster',
    );
    expect(reasonOf([RAFT, removed, line('fatal', 'listener failed', 'server is stopping')])).toBe(
      'removed',
    );
  });

  test('what is only mentioned in passing is not the reason', () => {
    const passing = line('warn', 'failed to send', 'write tcp: no space left on device');
    expect(reasonOf([RAFT, passing, line('info', 'compacted')])).toBe('killed');
  });

  test('the words are quoted without time, place and stack', () => {
    const { problem } = lastExitOf(
      life(),
      end([
        line(
          'fatal',
          'discovery failed',
          'listen tcp 127.0.0.1:23101: bind: address already in use',
        ),
      ]),
    );
    expect(problem.detail).toBe(
      'etcd said: discovery failed: listen tcp 127.0.0.1:23101: bind: address already in use',
    );
    expect(problem.hint).toContain("\n  ss -ltnp 'sport = :23101'");
  });

  test('a host that is reached over a shell is looked at over that shell', () => {
    const taken = line(
      'fatal',
      'discovery failed',
      'listen tcp :2379: bind: address already in use',
    );
    const { problem } = lastExitOf(life(), end([taken], { there: 'ssh m1 ' }));
    expect(problem.hint).toContain("\n  ssh m1 ss -ltnp 'sport = :2379'");
  });

  test('what we asked for is asked, whatever etcd says while it falls', () => {
    const asked = life({ askedAt: instantOf(BORN_MS + 50), endedAt: instantOf(BORN_MS + 90) });
    const exit = lastExitOf(
      asked,
      end([RAFT, line('fatal', 'listener failed', 'server is stopping')]),
    );
    expect(exit).toMatchObject({ reason: 'asked', at: BORN_MS + 90, inARow: 0 });
  });

  test('another etcd than the launch named, that gave up for a new reason', () => {
    const server = JSON.stringify({
      level: 'info',
      msg: 'starting an etcd server',
      'etcd-version': '3.4.1',
    });
    expect(reasonOf([server, line('panic', 'something new')])).toBe('wrong-version');
  });

  test('a machine that was started again killed it, and that is nobody’s failed start', () => {
    const exit = lastExitOf(life({ shortLivesBefore: 2 }), end([RAFT], { rebooted: true }));
    expect(exit).toMatchObject({ reason: 'killed', inARow: 0 });
  });
});

describe('lives in a row', () => {
  test('a short one counts, a long one ends the row', () => {
    const before = life({ shortLivesBefore: 2 });
    expect(lastExitOf(before, end([])).inARow).toBe(3);
    expect(lastExitOf(before, end([], { seenMs: BORN_MS + SHORT_LIFE_MS })).inARow).toBe(0);
  });
});

describe('before raft', () => {
  const before = (lifeSeen: EndedLife, lines: readonly string[], over: Partial<End> = {}) =>
    lastExitOf(lifeSeen, end(lines, over)).beforeRaft;
  const taken = line(
    'fatal',
    'discovery failed',
    'listen tcp 127.0.0.1:1: bind: address already in use',
  );

  test('certain when a first start wrote no log and never spoke of raft', () => {
    expect(before(life(), [STARTING, taken])).toBe(true);
    expect(before(life(), [])).toBe(true);
  });
  test('not when there is a write-ahead log', () => {
    expect(before(life(), [STARTING, taken], { hasLog: true })).toBe(false);
  });
  test('not when raft had begun, even if the directory is empty now', () => {
    expect(before(life(), [STARTING, RAFT, taken])).toBe(false);
  });
  test('not for a restart: earlier lives may have voted', () => {
    const restart = life();
    const launch = { ...restart.launch, purpose: 'restart' as const };
    expect(before({ ...restart, launch }, [STARTING, taken])).toBe(false);
  });
  test('not without the log', () => {
    expect(before(life(), [], { log: undefined })).toBe(false);
  });
  test('silence proves nothing when etcd was told to be silent, or to write elsewhere', () => {
    expect(before(life({}, { 'log-level': 'error' }), [taken])).toBe(false);
    expect(before(life({}, { 'log-outputs': 'somewhere.log' }), [])).toBe(false);
    const join = line('fatal', 'discovery failed', 'cannot fetch cluster info from peer urls: x');
    expect(before(life({}, { 'log-level': 'error' }), [join])).toBe(true);
  });
});

test('who could not join because nobody gives it the names of the others is told so', () => {
  const tail = [
    '{"level":"warn","msg":"failed to get cluster response","error":"Get \\"http://m2.example.com:2380/members\\": dial tcp: lookup m2.example.com on 10.0.0.53:53: no such host"}',
    line('fatal', 'discovery failed', 'cannot fetch cluster info from peer urls: could not'),
  ];
  const { reason, problem } = lastExitOf(life(), end(tail));
  expect(reason).toBe('cannot-join');
  expect(problem.detail).toContain('; lookup m2.example.com on 10.0.0.53:53: no such host');
  expect(problem.hint).toContain('quorate dns check');
});
