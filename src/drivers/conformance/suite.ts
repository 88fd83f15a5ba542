import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../base/index.js';
import {
  clusterIDAtBirth,
  memberIDAtBirth,
  type ClusterToken,
  type HostName,
  type PeerURL,
} from '../../core/cluster/index.js';
import type { Launch, NotAMemberProof } from '../../core/planner/index.js';
import { instantOf, unsafeBrand } from '../../base/index.js';
import { describeFiles } from './files.js';
import { type DriverRig, untilData, untilLogSays, untilProcess } from './rig.js';

const NEVER = new AbortController().signal;
/** Longer than etcd ever needs to end by itself here. */
const GRACE_MS = 15_000;
/** A stop has been asked for by then, also of a host that is reached over a network. */
const ASKED_BY_MS = 500;

const codeOf = (outcome: Outcome<unknown>): string =>
  outcome.kind === 'applied' ? 'applied' : `${outcome.kind}: ${outcome.problem.code}`;

/**
 * What every driver promises, by the HostDriver port alone and with real etcd. A later driver passes this suite
 * before anything else is built on it.
 */
export function describeHostDriver(name: string, makeRig: () => Promise<DriverRig>): void {
  describe(name, () => {
    let rig: DriverRig;
    let host: HostName;
    beforeEach(async () => {
      rig = await makeRig();
      host = rig.hosts[0];
    });
    afterEach(() => rig.dispose());

    const start = (purpose: Launch['purpose']) =>
      rig.driver.start(host, rig.launchFor(host, purpose), NEVER);
    const stop = () => rig.driver.stop(host, { graceMs: GRACE_MS }, NEVER);
    /** A member that runs, whose log is written and whose raft has begun. */
    const born = async () => {
      expect(codeOf(await start('birth'))).toBe('applied');
      await untilLogSays(rig.driver, host, 'newRaft ');
      return await untilData(rig.driver, host, 'present');
    };
    const bornAndStopped = async () => {
      const data = await born();
      expect(codeOf(await stop())).toBe('applied');
      return data;
    };
    const observe = () => rig.driver.observe(host, NEVER);

    describe('a life', () => {
      test('a host where nothing ever ran is stopped, without a last exit, and empty', async () => {
        expect(await observe()).toEqual({ process: { kind: 'stopped' }, data: { kind: 'empty' } });
      });

      test('a birth runs with exactly its flags, and its log carries the identity etcd computes', async () => {
        const launch = rig.launchFor(host, 'birth');
        const data = await born();
        const process = await untilProcess(rig.driver, host, 'running');
        expect(process.flags).toEqual(launch.flags);
        const id = memberIDAtBirth(
          [unsafeBrand<PeerURL>(launch.flags['initial-advertise-peer-urls'])],
          unsafeBrand<ClusterToken>(launch.flags['initial-cluster-token']),
        );
        expect(data).toEqual({ kind: 'present', memberID: id, clusterID: clusterIDAtBirth([id]) });
        expect(await rig.driver.knownHosts(NEVER)).toContain(host);
      });

      test('a stop is asked for, keeps the data, and may be repeated', async () => {
        const data = await bornAndStopped();
        const after = await observe();
        expect(after.process).toMatchObject({
          kind: 'stopped',
          lastExit: { reason: 'asked', inARow: 0, beforeRaft: false },
        });
        expect(after.data).toEqual(data);
        expect(codeOf(await stop())).toBe('applied');
        expect(await observe()).toEqual(after);
      });

      test('a restart after a stop has the same identity', async () => {
        const data = await bornAndStopped();
        expect(codeOf(await start('restart'))).toBe('applied');
        await untilProcess(rig.driver, host, 'running');
        expect((await observe()).data).toEqual(data);
      });

      test('stopping a host where nothing runs is applied', async () => {
        expect(codeOf(await stop())).toBe('applied');
      });

      test('the last lines of the log come newest last', async () => {
        await bornAndStopped();
        const all = await rig.driver.logTail(host, 1000, NEVER);
        expect(all.length).toBeGreaterThan(5);
        expect(await rig.driver.logTail(host, 3, NEVER)).toEqual(all.slice(-3));
        expect(await rig.driver.logTail(rig.hosts[1], 3, NEVER)).toEqual([]);
      });
    });

    describe('what it refuses', () => {
      test('a second start while one runs', async () => {
        await born();
        expect(codeOf(await start('restart'))).toBe('refused: already-running');
      });

      test('all but one of several starts at the same moment', async () => {
        const outcomes = await Promise.all([start('birth'), start('birth'), start('birth')]);
        expect(outcomes.map(codeOf).sort()).toEqual([
          'applied',
          'refused: already-running',
          'refused: already-running',
        ]);
      });

      test('a restart on an empty directory: a voter never starts again without its log', async () => {
        expect(codeOf(await start('restart'))).toBe('refused: data-missing');
        await bornAndStopped();
        await rig.wipe(host);
        expect((await observe()).data).toEqual({ kind: 'empty' });
        expect(codeOf(await start('restart'))).toBe('refused: data-missing');
        expect((await observe()).process.kind).toBe('stopped');
      });

      test('a wiped life that had reached raft is never called one that had not', async () => {
        await bornAndStopped();
        await rig.wipe(host);
        expect((await observe()).process).toMatchObject({ lastExit: { beforeRaft: false } });
      });

      test('a birth and a join on a directory that holds a log', async () => {
        const data = await bornAndStopped();
        expect(codeOf(await start('birth'))).toBe('refused: data-present');
        expect(codeOf(await start('join'))).toBe('refused: data-present');
        expect(await observe()).toMatchObject({ process: { kind: 'stopped' }, data });
      });

      test('any start on a database whose log is gone', async () => {
        await bornAndStopped();
        await rig.loseLog(host);
        expect((await observe()).data.kind).toBe('unreadable');
        for (const purpose of ['birth', 'join', 'restart'] as const) {
          expect(codeOf(await start(purpose))).toBe('refused: data-unreadable');
        }
      });

      test('any start on a log that does not begin like one', async () => {
        await bornAndStopped();
        await rig.scribble(host);
        expect((await observe()).data.kind).toBe('unreadable');
        for (const purpose of ['birth', 'join', 'restart'] as const) {
          expect(codeOf(await start(purpose))).toBe('refused: data-unreadable');
        }
      });

      test("a launch whose data directory is not the host's", async () => {
        const launch = rig.launchFor(rig.hosts[1], 'birth');
        expect(codeOf(await rig.driver.start(host, launch, NEVER))).toBe(
          'refused: data-dir-differs',
        );
      });

      test('what was cancelled before it began', async () => {
        const gone = AbortSignal.abort();
        const launch = rig.launchFor(host, 'birth');
        expect(codeOf(await rig.driver.start(host, launch, gone))).toBe('refused: cancelled');
        expect((await observe()).process).toEqual({ kind: 'stopped' });
        await born();
        expect(codeOf(await rig.driver.stop(host, { graceMs: GRACE_MS }, gone))).toBe(
          'refused: cancelled',
        );
        expect((await observe()).process.kind).toBe('running');
      });
    });

    describe('when the controller is restarted', () => {
      test('the new one finds the member, starts no second one, and can stop it', async () => {
        await born();
        const before = await untilProcess(rig.driver, host, 'running');
        const next = await rig.anotherDriver();
        const after = await untilProcess(next, host, 'running');
        expect(after.flags).toEqual(before.flags);
        expect(Math.abs(after.startedAt - before.startedAt)).toBeLessThan(1000);
        const again = await next.start(host, rig.launchFor(host, 'restart'), NEVER);
        expect(codeOf(again)).toBe('refused: already-running');
        expect(codeOf(await next.stop(host, { graceMs: GRACE_MS }, NEVER))).toBe('applied');
        expect((await observe()).process).toMatchObject({ lastExit: { reason: 'asked' } });
      });

      test('a process that got the pid of a dead member is not taken for it', async () => {
        await born();
        await rig.signalMember(host, 'SIGKILL');
        await untilProcess(rig.driver, host, 'stopped');
        const { strangerLives } = await rig.reusePid(host);
        const next = await rig.anotherDriver();
        expect((await next.observe(host, NEVER)).process.kind).toBe('stopped');
        expect(codeOf(await next.stop(host, { graceMs: 0 }, NEVER))).toBe('applied');
        expect(await strangerLives()).toBe(true);
      });
    });

    describe('when a member ends by itself', () => {
      const exitOf = async () => (await untilProcess(rig.driver, host, 'stopped')).lastExit;

      test('SIGKILL leaves no word: killed; it restarts with its data', async () => {
        const data = await born();
        await rig.signalMember(host, 'SIGKILL');
        expect(await exitOf()).toMatchObject({
          reason: 'killed',
          beforeRaft: false,
          problem: { code: 'member-killed' },
        });
        expect(codeOf(await start('restart'))).toBe('applied');
        expect((await observe()).data).toEqual(data);
      });

      test('a signal that was not ours is not "asked"', async () => {
        await born();
        await untilLogSays(rig.driver, host, 'ready to serve client requests');
        await rig.signalMember(host, 'SIGTERM');
        expect(await exitOf()).toMatchObject({ reason: 'killed' });
      });

      test('short lives are counted in a row, for a new controller too', async () => {
        await born();
        await rig.signalMember(host, 'SIGKILL');
        expect(await exitOf()).toMatchObject({ inARow: 1 });
        expect(codeOf(await start('restart'))).toBe('applied');
        await rig.signalMember(host, 'SIGKILL');
        expect(await exitOf()).toMatchObject({ inARow: 2 });
        const next = await rig.anotherDriver();
        const again = await untilProcess(next, host, 'stopped');
        expect(again.lastExit).toMatchObject({ inARow: 2, reason: 'killed' });
      });

      test('its port is taken: said so, and it had not voted', async () => {
        const free = await rig.takeClientPort(host);
        expect(codeOf(await start('birth'))).toBe('applied');
        expect(await exitOf()).toMatchObject({
          reason: 'port-taken',
          beforeRaft: true,
          inARow: 1,
          problem: { code: 'member-port-taken' },
        });
        await free();
        expect((await observe()).data).toEqual({ kind: 'empty' });
        await born();
      });

      test('etcd does not know a flag', async () => {
        const launch = rig.launchFor(host, 'birth');
        const flags = { ...launch.flags, 'no-such-flag': 'x' };
        expect(codeOf(await rig.driver.start(host, { ...launch, flags }, NEVER))).toBe('applied');
        expect(await exitOf()).toMatchObject({ reason: 'bad-flags', beforeRaft: true });
      });

      test('nobody confirms a join: what etcd leaves behind counts as empty, and it may try again', async () => {
        expect(codeOf(await start('join'))).toBe('applied');
        expect(await exitOf()).toMatchObject({
          reason: 'cannot-join',
          beforeRaft: true,
          problem: { code: 'member-cannot-join' },
        });
        expect((await observe()).data).toEqual({ kind: 'empty' });
        expect(codeOf(await start('join'))).toBe('applied');
        expect(await exitOf()).toMatchObject({ reason: 'cannot-join', inARow: 2 });
      });
    });

    describe('a member that hangs', () => {
      test('is ended by force after the grace', async () => {
        await born();
        await rig.signalMember(host, 'SIGSTOP');
        expect((await observe()).process.kind).toBe('running');
        expect(codeOf(await rig.driver.stop(host, { graceMs: 200 }, NEVER))).toBe('applied');
        expect((await observe()).process).toMatchObject({
          kind: 'stopped',
          lastExit: { reason: 'asked' },
        });
      });

      test('does not hold a cancelled stop: the outcome is unknown, and the process may still end', async () => {
        await born();
        await rig.signalMember(host, 'SIGSTOP');
        const cancel = new AbortController();
        const stopping = rig.driver.stop(host, { graceMs: GRACE_MS }, cancel.signal);
        setTimeout(() => cancel.abort(), ASKED_BY_MS);
        expect(codeOf(await stopping)).toBe('unknown: stop-unfinished');
        expect((await observe()).process.kind).toBe('running');
      });
    });

    describe('moving data aside', () => {
      const proofOf = (data: { memberID: NotAMemberProof['memberID'] } & object) =>
        ({ listAt: instantOf(1), listed: [], ...data }) as unknown as NotAMemberProof;
      const setAside = (proof: NotAMemberProof) => rig.driver.setAsideData(host, proof, NEVER);

      test('needs a stopped member and a proof about exactly this data', async () => {
        const data = await born();
        const proof = proofOf(data);
        expect(codeOf(await setAside(proof))).toBe('refused: already-running');
        await stop();
        const other = unsafeBrand<NotAMemberProof['memberID']>('1234');
        const otherCluster = unsafeBrand<NotAMemberProof['clusterID']>('1234');
        const wrong = [
          { ...proof, memberID: other },
          { ...proof, clusterID: otherCluster },
          { ...proof, listed: [data.memberID] },
        ];
        for (const each of wrong) {
          expect(codeOf(await setAside(each))).toBe('refused: not-the-proofs-data');
        }
        expect((await observe()).data).toEqual(data);
      });

      test('keeps the data elsewhere and leaves the host as if nothing ever ran', async () => {
        const data = await bornAndStopped();
        const outcome = await setAside(proofOf(data));
        expect(codeOf(outcome)).toBe('applied');
        if (outcome.kind !== 'applied') return;
        expect(await rig.stillKept(outcome.value.movedTo)).toBe(true);
        expect(await observe()).toEqual({ process: { kind: 'stopped' }, data: { kind: 'empty' } });
        await born();
        expect(await rig.stillKept(outcome.value.movedTo)).toBe(true);
      });

      test('touches nothing that cannot be read', async () => {
        const data = await bornAndStopped();
        await rig.loseLog(host);
        expect(codeOf(await setAside(proofOf(data)))).toBe('refused: not-the-proofs-data');
        expect((await observe()).data.kind).toBe('unreadable');
      });
    });

    describe('what cannot be seen', () => {
      test('is unseen, and nothing is started there', async () => {
        await bornAndStopped();
        const show = await rig.hideState();
        const { process, data } = await observe();
        expect([process.kind, data.kind]).toEqual(['unseen', 'unseen']);
        expect((await start('restart')).kind).toBe('refused');
        expect((await start('birth')).kind).toBe('refused');
        await show();
        expect((await observe()).data.kind).toBe('present');
      });
    });

    describeFiles(() => rig);

    describe('addresses', () => {
      const wishes = () =>
        rig.hosts.map((each) => ({ host: each, name: unsafeBrand<never>(each) }));

      test('every host gets its own; asking again changes nothing', async () => {
        const first = await rig.driver.allocate(wishes(), {}, NEVER);
        expect(first.ok).toBe(true);
        if (!first.ok) return;
        const urls = Object.entries(first.value).flatMap(([where, each]) =>
          [...each.listenPeerURLs, ...each.listenClientURLs, ...each.listenMetricsURLs].map(
            (url) => (rig.ownMachines === true ? `${where} ${url}` : url),
          ),
        );
        expect(urls).toHaveLength(rig.hosts.length * 3);
        expect(new Set(urls).size).toBe(urls.length);
        expect(await rig.driver.allocate(wishes(), first.value, NEVER)).toEqual(first);
      });

      test('what the wish fixes is kept', async () => {
        const [one, ...rest] = wishes();
        const peerURLs = [unsafeBrand<PeerURL>('http://localhost:20999')];
        const found = await rig.driver.allocate(
          [{ ...one, host, name: unsafeBrand<never>(host), peerURLs }, ...rest],
          {},
          NEVER,
        );
        if (!found.ok) throw new Error(found.error[0]?.summary);
        expect(found.value[host]?.peerURLs).toEqual(peerURLs);
        // etcd binds addresses only.
        expect(found.value[host]?.listenPeerURLs).toEqual(['http://127.0.0.1:20999']);
      });
    });
  });
}
