import { expect, test } from 'vitest';
import { MINORS, lab, leaderOf, tellDeed } from '../lab/index.js';

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `m${i + 1}`);

test.each(MINORS)(
  'etcd %s: 1→3→5→7→3→1 under a writer loses nothing, and etcd refuses nothing',
  async (version) => {
    const it = await lab({ version });
    await it.must(`apply -f ${await it.spec(names(1))}`);
    const born = await it.settled(1);
    const writer = await it.writer();

    for (const size of [3, 5, 7]) {
      await it.must(`apply -f ${await it.spec(names(size))}`);
      const status = await it.settled(size);
      expect(status.cluster.id).toBe(born.cluster.id);
      expect(status.members.every(({ role }) => role === 'voter')).toBe(true);
    }
    // The leader is among those who go, so that the hand-over is part of every run.
    const leader = leaderOf(await it.status());
    const others = names(7).filter((name) => name !== leader.name);
    const three = others.slice(0, 3);
    await it.must(`apply -f ${await it.spec(three)} --yes=${it.name}`);
    await it.settled(3);
    await it.must(`apply -f ${await it.spec(three.slice(0, 1))} --yes=${it.name}`);
    const last = await it.settled(1);

    expect(last.cluster.id).toBe(born.cluster.id);
    expect([...(await it.members()).keys()]).toEqual(three.slice(0, 1));
    const deeds = await it.deeds();
    const happened = (kind: string) =>
      deeds.filter((deed) => deed.kind === kind && deed.outcome === 'applied').length;
    expect(happened('add-learner')).toBe(6);
    expect(happened('promote-learner')).toBe(6);
    expect(happened('remove-member')).toBe(6);
    expect(happened('move-leader')).toBeGreaterThanOrEqual(1);
    expect(deeds.filter(({ outcome }) => outcome !== 'applied').map(tellDeed)).toEqual([]);
    await it.leadersMovedFirst();
    await it.nothingLost(writer);
  },
);
