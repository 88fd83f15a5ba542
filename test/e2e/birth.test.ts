import { describe, expect, test } from 'vitest';
import { MINORS, clientURLs, contentOf, lab, leaderOf, writeAndRead } from '../lab/index.js';

describe.each(MINORS)('etcd %s', (version) => {
  test.each([1, 3, 5, 7])('nothing becomes %i members that take writes', async (size) => {
    const it = await lab({ version });

    const up = await it.up(size);

    // `up` returned, so a write must work at once, on the endpoints it prints.
    const early = await it.status();
    const clusterID = await writeAndRead(clientURLs(early), 'first', `of ${size}`);
    expect(up.stdout).toContain(clientURLs(early)[0]);

    const status = await it.settled(size);
    expect(status.cluster).toMatchObject({
      name: it.name,
      id: clusterID,
      voters: size,
      quorum: Math.floor(size / 2) + 1,
      margin: size - (Math.floor(size / 2) + 1),
    });
    expect(status.cluster.version).toMatch(new RegExp(`^${version}\\.`));
    expect(new Set(status.members.map(({ id }) => id)).size).toBe(size);
    expect(leaderOf(status).healthy).toBe(true);
    expect((await contentOf(clientURLs(status))).get('first')).toBe(`of ${size}`);

    // No process keeps the short timings of a first life, and each host was told `new` once.
    const members = await it.members();
    expect(members.size).toBe(size);
    for (const { flags } of members.values()) {
      expect(flags['heartbeat-interval'] ?? '100').toBe('100');
      expect(flags['election-timeout'] ?? '1000').toBe('1000');
    }
    const births = (await it.deeds()).filter(({ step }) => step.launch?.purpose === 'birth');
    expect(births.map(({ name }) => name).sort()).toEqual([...members.keys()].sort());
  });

  test('down and up again: the same data, the same ClusterID, the same members', async () => {
    const it = await lab({ version });
    await it.up(3);
    const before = await it.settled(3);
    await writeAndRead(clientURLs(before), 'kept', 'over down and up');

    await it.must(`down ${it.name}`);
    await it.allEnded();
    expect((await it.status()).cluster.state).toBe('unknown');

    await it.up();
    const after = await it.settled(3);

    expect(after.cluster.id).toBe(before.cluster.id);
    expect(after.members.map(({ name, id }) => [name, id])).toEqual(
      before.members.map(({ name, id }) => [name, id]),
    );
    const clusterID = await writeAndRead(clientURLs(after), 'again', 'works');
    expect(clusterID).toBe(before.cluster.id);
    expect((await contentOf(clientURLs(after))).get('kept')).toBe('over down and up');
  });
});
