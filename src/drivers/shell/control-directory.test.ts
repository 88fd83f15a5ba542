import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ControlDirectory, type Keeper } from './control-directory.js';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'q-'));
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const keeping = (life: string, ended: readonly string[] = []): ControlDirectory =>
  new ControlDirectory(parent, {
    pid: 1,
    life,
    hasEnded: (other: Keeper) => Promise.resolve(ended.includes(other.life)),
  });

/** The directory in which its sockets are. */
async function madeBy(directory: ControlDirectory): Promise<string> {
  const path = await directory.next();
  if (!path.ok) throw new Error(path.error.summary);
  return basename(dirname(path.value));
}

describe('what a killed process left behind', () => {
  test('is removed by the next one; what a living one has, or nobody’s, stays', async () => {
    const killed = await madeBy(keeping('killed'));
    const living = await madeBy(keeping('living', ['killed']));
    await mkdir(join(parent, 'quorate-ssh-nobody'));
    await mkdir(join(parent, 'quorate-ssh-broken'));
    await writeFile(join(parent, 'quorate-ssh-broken', 'keeper.json'), '{"pid":');
    await mkdir(join(parent, 'other-killed'));
    const ours = keeping('ours', ['killed']);

    const made = await madeBy(ours);
    await ours.remove();

    const left = await readdir(parent);
    expect(left.sort()).toEqual(
      ['other-killed', 'quorate-ssh-broken', 'quorate-ssh-nobody', living].sort(),
    );
    expect(left).not.toContain(killed);
    expect(left).not.toContain(made);
  });

  test('stays where one cannot say who one is oneself', async () => {
    const killed = await madeBy(keeping('killed'));
    const ours = new ControlDirectory(parent);
    await madeBy(ours);
    await ours.remove();
    expect(await readdir(parent)).toEqual([killed]);
  });
});
