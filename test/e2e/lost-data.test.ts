import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  EXIT,
  type Lab,
  MINORS,
  type PlanJSON,
  type StatusJSON,
  clientURLs,
  contentOf,
  digestTree,
  followersOf,
  lab,
  leaderOf,
  writeAndRead,
} from '../lab/index.js';

/** The data directory is gone. A rename is atomic: nobody ever sees half of it. */
const loseData = (it: Lab, { host }: { host: string }): Promise<void> =>
  rename(it.dataDirectory(host), join(it.home, `lost-${host}`));

/** The data directory is gone and the process with it, as after the loss of a disk. */
async function loseDisk(it: Lab, member: { name: string; host: string }): Promise<void> {
  await loseData(it, member);
  const process = (await it.members()).get(member.name);
  if (process !== undefined) await it.kill(process.pid);
}

async function three(version: string): Promise<{ it: Lab; before: StatusJSON }> {
  const it = await lab({ version });
  await it.up(3);
  const before = await it.settled(3);
  await writeAndRead(clientURLs(before), 'kept', 'by the others');
  return { it, before };
}

describe.each(MINORS)('etcd %s', (version) => {
  test.each([
    { role: 'follower', stillRuns: false, what: 'that is dead' },
    { role: 'leader', stillRuns: false, what: 'that is dead' },
    { role: 'leader', stillRuns: true, what: 'that still runs' },
  ])(
    'a $role $what and whose data is gone is replaced under a new id, never restarted under its old one',
    async ({ role, stillRuns }) => {
      const { it, before } = await three(version);
      const victim = role === 'leader' ? leaderOf(before) : followersOf(before)[0];
      if (victim === undefined) throw new Error('no follower');
      const lines = (await it.journal()).length;

      if (stillRuns) await loseData(it, victim);
      else await loseDisk(it, victim);
      const after = await it.untilStatus(
        'the victim has a new id and everything is healthy',
        ({ cluster, members, plan }) =>
          cluster.state === 'healthy' &&
          cluster.voters === 3 &&
          plan.kind === 'converged' &&
          members.every(({ id, healthy }) => healthy && id !== victim.id),
      );

      expect(after.cluster.id).toBe(before.cluster.id);
      expect(after.members.map(({ name }) => name)).toEqual(before.members.map(({ name }) => name));
      expect((await contentOf(clientURLs(after))).get('kept')).toBe('by the others');
      const deeds = (await it.deeds(lines)).filter(({ outcome }) => outcome === 'applied');
      expect(
        deeds
          .filter(({ kind }) => !['move-leader'].includes(kind))
          .map(({ kind, step }) => step.launch?.purpose ?? kind),
      ).toEqual(['remove-member', 'add-learner', 'join', 'promote-learner']);
      expect(deeds.find(({ kind }) => kind === 'remove-member')?.member).toBe(victim.id);
    },
  );

  test.each([
    { third: 'runs on', isReboot: false },
    { third: 'has to start again', isReboot: true },
  ])(
    'two of three without their data, the third $third: quorum-lost, and nothing is touched',
    async ({ isReboot }) => {
      const { it, before } = await three(version);
      const [one, two, survivor] = [...followersOf(before), leaderOf(before)];
      if (one === undefined || two === undefined || survivor === undefined)
        throw new Error('three');
      const lines = (await it.journal()).length;

      const old = new Set([...(await it.members()).values()].map(({ pid }) => pid));
      // Both at once, as far as anybody who acts can see.
      await (isReboot ? it.killEverything() : it.stopKeepers());
      await loseDisk(it, one);
      await loseDisk(it, two);
      const survivorData = await digestTree(it.dataDirectory(survivor.host));
      await it.quorate('boot');

      const status = await it.untilStatus(
        'it says that quorum is lost',
        ({ cluster, plan }) => cluster.state === 'quorum-lost' && plan.kind === 'blocked',
      );
      expect(status.plan.problem).toMatchObject({
        code: 'quorum-lost',
        data: { voters: 3, quorum: 2 },
      });
      expect(status.plan.problem?.data['withData']).toEqual([survivor.name]);
      const plan = await it.ends(EXIT.blocked, `plan ${it.name} -o json`);
      expect(plan.json<PlanJSON>()).toMatchObject({ kind: 'blocked', steps: [] });

      // Somebody presses on; still nothing happens to what is left.
      const again = await it.quorate(`up ${it.name} --timeout 5s`);
      expect(again.code).not.toBe(EXIT.done);
      const deeds = await it.deeds(lines);
      expect(
        deeds.filter(({ kind, name }) => kind !== 'start-member' || name !== survivor.name),
      ).toEqual([]);
      expect(deeds.filter(({ step }) => step.launch?.purpose !== 'restart')).toEqual([]);
      // What runs since the birth still has its first flags; nobody else has them.
      for (const { pid, flags } of (await it.members()).values()) {
        if (!old.has(pid)) expect(flags['initial-cluster-state']).not.toBe('new');
      }
      for (const { host } of [one, two]) {
        await expect(digestTree(it.dataDirectory(host))).rejects.toThrow(/ENOENT/);
      }

      const paths = Object.keys(await digestTree(it.membersDirectory));
      expect(paths.filter((path) => path.includes('/aside/'))).toEqual([]);

      // What the survivor had is all there: with the disks back, so is everything.
      await it.killEverything();
      expect(Object.keys(await digestTree(it.dataDirectory(survivor.host)))).toEqual(
        expect.arrayContaining(Object.keys(survivorData)),
      );
      for (const { host } of [one, two]) {
        await rename(join(it.home, `lost-${host}`), it.dataDirectory(host));
      }
      await it.must('boot');
      const after = await it.settled(3);
      expect(after.cluster.id).toBe(before.cluster.id);
      expect((await contentOf(clientURLs(after))).get('kept')).toBe('by the others');
    },
  );

  test('all data gone: still no `new`, because the cluster was born once', async () => {
    const { it, before } = await three(version);
    const lines = (await it.journal()).length;
    await it.killEverything();
    for (const member of before.members) await loseDisk(it, member);
    await it.quorate('boot');
    const status = await it.untilStatus(
      'it says that quorum is lost',
      ({ plan }) => plan.kind === 'blocked',
    );
    expect(status.plan.problem?.code).toBe('quorum-lost');
    expect(await it.deeds(lines)).toEqual([]);
    expect((await it.members()).size).toBe(0);
  });
});
