import { describe, expect, test } from 'vitest';
import {
  type Lab,
  type LabProcess,
  MINORS,
  type StatusJSON,
  clientURLs,
  contentOf,
  followersOf,
  isAlive,
  lab,
  leaderOf,
  until,
  writeAndRead,
} from '../lab/index.js';

/** Three healthy members with a key in them. */
async function three(version: string): Promise<{ it: Lab; before: StatusJSON }> {
  const it = await lab({ version });
  await it.up(3);
  const before = await it.settled(3);
  await writeAndRead(clientURLs(before), 'kept', 'whatever dies');
  return { it, before };
}

/** The same members with the same data, all healthy, without anybody's help. */
async function allBack(it: Lab, before: StatusJSON): Promise<void> {
  const after = await it.settled(3);
  expect(after.cluster.id).toBe(before.cluster.id);
  expect(after.members.map(({ name, id }) => [name, id])).toEqual(
    before.members.map(({ name, id }) => [name, id]),
  );
  expect((await contentOf(clientURLs(after))).get('kept')).toBe('whatever dies');
  await writeAndRead(clientURLs(after), 'after', 'works');
}

/** Another process runs as this member than before. */
const restarted = (it: Lab, name: string, oldPid: number): Promise<unknown> =>
  until(`${name} runs again`, async () => {
    const now = (await it.members()).get(name);
    return now !== undefined && now.pid !== oldPid ? { done: now } : { seen: now ?? 'no process' };
  });

describe.each(MINORS)('etcd %s', (version) => {
  test('a follower that is killed comes back by itself', async () => {
    const { it, before } = await three(version);
    const [victim] = followersOf(before);
    const { pid } = await it.member(victim?.name ?? '');
    await it.kill(pid);
    await restarted(it, victim?.name ?? '', pid);
    await allBack(it, before);
  });

  test('the leader that is killed comes back by itself', async () => {
    const { it, before } = await three(version);
    const victim = leaderOf(before);
    const { pid } = await it.member(victim.name);
    await it.kill(pid);
    await restarted(it, victim.name, pid);
    await allBack(it, before);
  });

  test('all members killed at once come back by themselves', async () => {
    const { it, before } = await three(version);
    const victims = [...(await it.members()).values()];
    await Promise.all(victims.map(({ pid }) => it.kill(pid)));
    for (const victim of victims) await restarted(it, victim.flags['name'] ?? '', victim.pid);
    await allBack(it, before);
  });

  test('a reboot: nothing runs any more, `quorate boot` brings everything back', async () => {
    const { it, before } = await three(version);
    await it.killEverything();
    await it.must('boot');
    await allBack(it, before);
    expect((await it.keepers()).length).toBeGreaterThan(0);
  });
});

describe('those who keep the cluster', () => {
  test('each of them, killed, is replaced by itself, and goes on healing members', async () => {
    const { it, before } = await three('3.6');
    const isGuardian = ({ args }: LabProcess) => args[0]?.endsWith('sh') === true;
    const whole = (now: readonly LabProcess[]) =>
      now.length === 2 && now.filter(isGuardian).length === 1;
    expect(whole(await it.keepers())).toBe(true);
    for (const role of ['guardian', 'supervisor', 'guardian', 'supervisor']) {
      const keepers = await it.keepers();
      const victim = keepers.find((keeper) => isGuardian(keeper) === (role === 'guardian'));
      if (victim === undefined) throw new Error(`no ${role}`);
      await it.kill(victim.pid);
      await until(`another ${role} is there, and one of each`, async () => {
        const now = await it.keepers();
        const isWhole = whole(now) && now.every(({ pid }) => pid !== victim.pid);
        return isWhole ? { done: true } : { seen: now.map(({ args }) => args.join(' ')) };
      });
    }
    const victim = leaderOf(before);
    const member = await it.member(victim.name);
    await it.kill(member.pid);
    await restarted(it, victim.name, member.pid);
    await allBack(it, before);
  });

  test('killing them does not disturb the members', async () => {
    const { it, before } = await three('3.6');
    const members = [...(await it.members()).values()];
    const writer = await it.writer();
    for (const { pid } of await it.keepers()) await it.kill(pid);
    await writer.flows(100);
    for (const { pid } of members) expect(await isAlive(pid)).toBe(true);
    await it.nothingLost(writer);
    await allBack(it, before);
  });

  test('all of them and a member killed at once: `quorate up` heals and keeps again', async () => {
    const { it, before } = await three('3.6');
    const { pid } = await it.member(leaderOf(before).name);
    const keepers = await it.keepers();
    await Promise.all([...keepers.map((keeper) => it.kill(keeper.pid)), it.kill(pid)]);
    await it.up();
    await allBack(it, before);
    expect((await it.keepers()).length).toBeGreaterThan(0);
  });
});
