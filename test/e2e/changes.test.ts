import { describe, expect, test } from 'vitest';
import {
  EXIT,
  type Lab,
  type ProblemJSON,
  MINORS,
  type StatusJSON,
  type Writer,
  followersOf,
  freeze,
  lab,
  leaderOf,
  tellDeed,
} from '../lab/index.js';

interface Scene {
  readonly it: Lab;
  readonly before: StatusJSON;
  readonly writer: Writer;
}

/** Three healthy members and a writer. */
async function three(version: string): Promise<Scene> {
  const it = await lab({ version });
  await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3'])}`);
  const before = await it.settled(3);
  return { it, before, writer: await it.writer() };
}

/** What must hold after every planned change. */
async function wentWell({ it, before, writer }: Scene): Promise<void> {
  const after = await it.status();
  expect(after.cluster.id).toBe(before.cluster.id);
  const deeds = await it.deeds();
  expect(deeds.filter(({ outcome }) => outcome !== 'applied').map(tellDeed)).toEqual([]);
  await it.leadersMovedFirst();
  await it.nothingLost(writer);
}

const idOf = (status: StatusJSON, name: string): string =>
  status.members.find((member) => member.name === name)?.id ?? `no ${name}`;

describe.each(MINORS)('etcd %s, under a writer', (version) => {
  test('a rename keeps the member and its data', async () => {
    const scene = await three(version);
    const { it, before } = scene;
    const [old] = followersOf(before);
    const members = before.members.map(({ name, host }) =>
      name === old?.name ? { name: 'renamed', host } : { name, host },
    );
    await it.must(`apply -f ${await it.spec(members)}`);
    const after = await it.settled(3);
    expect(idOf(after, 'renamed')).toBe(old?.id);
    expect(after.members.some(({ name }) => name === old?.name)).toBe(false);
    await wentWell(scene);
  });

  test('the rename of the leader moves the leader first', async () => {
    const scene = await three(version);
    const { it, before } = scene;
    const old = leaderOf(before);
    const members = before.members.map(({ name, host }) =>
      name === old.name ? { name: 'renamed', host } : { name, host },
    );
    await it.must(`apply -f ${await it.spec(members)}`);
    const after = await it.settled(3);
    expect(idOf(after, 'renamed')).toBe(old.id);
    await wentWell(scene);
  });

  test('a peer-URL change is registered first, and the member then listens there', async () => {
    const scene = await three(version);
    const { it, before } = scene;
    const [one] = followersOf(before);
    const [peerURL, clientURL] = [await it.freeURL(), one?.clientURLs[0]];
    await it.must(`member update ${one?.name ?? ''} --peer-urls ${peerURL}`);
    const after = await it.settled(3);
    const moved = after.members.find(({ id }) => id === one?.id);
    expect(moved).toMatchObject({ name: one?.name, peerURLs: [peerURL], clientURLs: [clientURL] });
    // Dialled from elsewhere: health alone would not prove it (etcd-facts 5.7).
    const answer = await fetch(`${peerURL}/members`);
    expect(answer.status).toBe(200);
    const kinds = (await it.deeds()).map(({ kind }) => kind);
    expect(kinds.lastIndexOf('update-peer-urls')).toBeLessThan(kinds.lastIndexOf('stop-member'));
    await wentWell(scene);
  });

  test('a sick member is replaced in its place: removed first, then a new one joins', async () => {
    const scene = await three(version);
    const { it, before } = scene;
    const [sick] = followersOf(before);
    if (sick === undefined) throw new Error('no follower');
    await freeze((await it.member(sick.name)).pid);
    await it.untilStatus(`${sick.name} is seen to be sick`, ({ members }) =>
      members.some(({ name, healthy }) => name === sick.name && !healthy),
    );
    await it.must(`member replace ${sick.name}`);
    const after = await it.settled(3);
    expect(idOf(after, sick.name)).not.toBe(sick.id);
    expect(after.members.map(({ name }) => name)).toEqual(before.members.map(({ name }) => name));
    const deeds = (await it.deeds()).map(({ kind }) => kind);
    expect(deeds.indexOf('remove-member')).toBeLessThan(deeds.indexOf('set-aside-data'));
    expect(deeds.indexOf('set-aside-data')).toBeLessThan(deeds.indexOf('add-learner'));
    await wentWell(scene);
  });

  test('a healthy one is not: the rest could not lose one more, so a successor is asked for', async () => {
    const scene = await three(version);
    const { it, before } = scene;
    const [one] = followersOf(before);
    const deeds = (await it.deeds()).length;
    const refused = await it.ends(EXIT.blocked, `member replace ${one?.name ?? ''} -o json`);
    expect(refused.json<{ problems: ProblemJSON[] }>().problems[0]).toMatchObject({
      code: 'removal-would-risk-quorum',
      data: { marginBefore: 1, marginAfter: 0 },
      hint: expect.stringContaining('--with'),
    });
    expect((await it.deeds()).length).toBe(deeds);
    await it.settled(3);
    await wentWell(scene);
  });

  test('a healthy member is replaced --with another: the newcomer votes before the old one goes', async () => {
    const scene = await three(version);
    const { it, before } = scene;
    const [old] = followersOf(before);
    await it.must(`member replace ${old?.name ?? ''} --with m9`);
    const after = await it.settled(3);
    expect(after.members.map(({ name }) => name).sort()).toEqual(
      [...before.members.map(({ name }) => name).filter((name) => name !== old?.name), 'm9'].sort(),
    );
    const deeds = (await it.deeds()).map(({ kind }) => kind);
    expect(deeds.indexOf('promote-learner')).toBeLessThan(deeds.indexOf('remove-member'));
    await wentWell(scene);
  });

  test('the leader is removed after it handed over', async () => {
    const scene = await three(version);
    const { it, before } = scene;
    // Of four, so that the rest keep a margin.
    await it.must('member add m4');
    await it.settled(4);
    const leader = leaderOf(await it.status());
    const lines = (await it.journal()).length;
    await it.must(`member remove ${leader.name}`);
    const after = await it.settled(3);
    expect(after.members.some(({ id }) => id === leader.id)).toBe(false);
    expect((await it.members()).has(leader.name)).toBe(false);
    const kinds = (await it.deeds(lines)).map(({ kind }) => kind);
    expect(kinds.slice(0, 2)).toEqual(['move-leader', 'remove-member']);
    expect(after.cluster.id).toBe(before.cluster.id);
    await wentWell(scene);
  });

  test('move-leader moves it where it was asked to, by name and by id', async () => {
    const scene = await three(version);
    const { it, before } = scene;
    const [one, two] = followersOf(before);
    await it.must(`member move-leader ${one?.name ?? ''}`);
    expect(leaderOf(await it.status()).name).toBe(one?.name);
    await it.must(`member move-leader ${two?.id ?? ''}`);
    expect(leaderOf(await it.status()).name).toBe(two?.name);
    await it.settled(3);
    await wentWell(scene);
  });
});
