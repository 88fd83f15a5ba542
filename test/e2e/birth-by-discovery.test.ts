import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Lab, MINORS, clientURLs, contentOf, lab, until, writeAndRead } from '../lab/index.js';

const SERVED = { bootstrap: { discovery: { serve: true } } };

interface MeetingRecord {
  readonly meetingPlace?: { readonly protocol: string; readonly isOurs: boolean };
}

const recordOf = async (it: Lab): Promise<MeetingRecord> =>
  JSON.parse(await readFile(join(it.directory, 'record.json'), 'utf8')) as MeetingRecord;

/** The processes of this lab's own cluster: the etcd that keeps the tokens is a cluster beside it. */
const ownMembers = async (it: Lab) =>
  (await it.processes()).filter(
    ({ kind, flags }) =>
      kind === 'member' && flags['data-dir']?.startsWith(it.membersDirectory) === true,
  );

describe.each(MINORS)('etcd %s', (version) => {
  test('three members meet at a place of our own, and need it no more', async () => {
    const it = await lab({ version });
    const applied = await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3'], SERVED)}`);
    expect(applied.stderr).toContain('quorate down discovery');
    const born = await it.settled(3);
    await writeAndRead(clientURLs(born), 'first', 'met');

    const hasV3 = ['3.6', '3.7'].includes(version);
    const { meetingPlace } = await recordOf(it);
    expect(meetingPlace).toMatchObject({ protocol: hasV3 ? 'v3' : 'v2', isOurs: true });
    const births = (await it.deeds()).filter(({ step }) => step.launch?.purpose === 'birth');
    expect(births.map(({ name }) => name).sort()).toEqual(['m1', 'm2', 'm3']);
    for (const { step } of births) {
      const { flags = {} } = step.launch ?? {};
      expect(flags).toHaveProperty(hasV3 ? 'discovery-token' : 'discovery');
      expect(flags['discovery-fallback']).toBe('exit');
      expect(flags).not.toHaveProperty('initial-cluster');
    }

    // The place is gone; whoever falls over comes back from its own data.
    await it.must('down discovery');
    for (const { pid } of await ownMembers(it)) await it.kill(pid);
    const after = await it.settled(3);
    expect(after.cluster.id).toBe(born.cluster.id);
    expect((await contentOf(clientURLs(after))).get('first')).toBe('met');
  });
});

/** The last minor with v2 alone, and one with v3. */
describe.each(['3.5', '3.7'])('etcd %s', (version) => {
  test('a member that lost its data never meets again: it is replaced', async () => {
    const it = await lab({ version });
    const spec = await it.spec(['m1', 'm2', 'm3'], SERVED);
    await it.must(`apply -f ${spec}`);
    const born = await it.settled(3);
    await writeAndRead(clientURLs(born), 'kept', 'by two');
    const lost = born.members.find(({ name }) => name === 'm2');

    await it.stopKeepers();
    const process = (await ownMembers(it)).find(({ flags }) => flags['name'] === 'm2');
    await it.kill(process?.pid ?? 0);
    await rm(it.dataDirectory('m2'), { recursive: true });
    await it.must(`apply -f ${spec}`);

    const after = await it.settled(3);
    expect(after.cluster.id).toBe(born.cluster.id);
    expect(after.members.find(({ name }) => name === 'm2')?.id).not.toBe(lost?.id);
    expect((await contentOf(clientURLs(after))).get('kept')).toBe('by two');
  });

  test('a member that is killed while it waits for the others does not hold up the birth', async () => {
    const it = await lab({ version });
    const applying = it.start(`apply -f ${await it.spec(['m1', 'm2', 'm3'], SERVED)}`);
    const waiting = await until(
      'the first member waits for the others',
      async () => {
        const [first] = await ownMembers(it);
        return first === undefined ? { seen: 'nobody yet' } : { done: first };
      },
      { everyMs: 2 },
    );
    await it.kill(waiting.pid);
    await applying.done;
    const born = await it.settled(3);
    await writeAndRead(clientURLs(born), 'first', 'met in the end');
  });

  test('the controller dies in the middle of the birth, and another one goes on at the same place', async () => {
    const it = await lab({ version });
    const spec = await it.spec(['m1', 'm2', 'm3'], SERVED);
    const first = it.start(`apply -f ${spec}`);
    await until(
      'the first member waits for the others',
      async () => ((await ownMembers(it)).length > 0 ? { done: true } : { seen: 'nobody yet' }),
      { everyMs: 5 },
    );
    await it.kill(first.pid);
    await first.done;
    const { meetingPlace } = await recordOf(it);

    await it.must(`apply -f ${spec}`);
    const born = await it.settled(3);
    await writeAndRead(clientURLs(born), 'first', 'met');
    expect((await recordOf(it)).meetingPlace).toEqual(meetingPlace);
  });
});

test('a URL that was used for another birth is refused before anybody starts', async () => {
  const it = await lab({ version: '3.5' });
  await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3'], SERVED)}`);
  await it.settled(3);
  const { meetingPlace } = JSON.parse(
    await readFile(join(it.directory, 'record.json'), 'utf8'),
  ) as { readonly meetingPlace: { readonly url: string } };
  // In the etcd that this machine's places are kept in, though a variable names the lab's own cluster.
  const host = new URL(meetingPlace.url).host;
  const serving = it.start(`discovery serve --listen ${host} --timeout 60s`);
  await serving.says(/http:/);
  const other = await lab({ version: '3.5' });
  const again = { bootstrap: { discovery: { url: meetingPlace.url } } };
  const refused = await other.start(
    `apply -f ${await other.spec(['m1', 'm2', 'm3'], again)} --timeout 20s`,
  ).done;
  expect(refused.stderr).toContain('cannot meet');
  expect(await ownMembers(other)).toEqual([]);
});
