import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listClusters, stateHome } from './layout.js';

describe('where the state lives', () => {
  test.each([
    [{ QUORATE_HOME: '/q', XDG_STATE_HOME: '/x', HOME: '/h' }, '/q'],
    [{ QUORATE_HOME: '', XDG_STATE_HOME: '/x', HOME: '/h' }, '/x/quorate'],
    // The XDG specification: a relative path is to be ignored.
    [{ XDG_STATE_HOME: 'x', HOME: '/h' }, '/h/.local/state/quorate'],
    [{ HOME: '/h' }, '/h/.local/state/quorate'],
  ])('%j → %s', (env, home) => {
    expect(stateHome(env)).toBe(home);
  });
});

describe('the clusters of a home', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'quorate-home-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  test('none, where there is nothing yet', async () => {
    expect(await listClusters(home)).toEqual({ ok: true, value: [] });
  });
  test('are the directories with a cluster name', async () => {
    await mkdir(join(home, 'clusters', 'b'), { recursive: true });
    await mkdir(join(home, 'clusters', 'a'));
    await mkdir(join(home, 'clusters', 'Not_One'));
    await writeFile(join(home, 'clusters', 'file'), '');
    expect(await listClusters(home)).toEqual({ ok: true, value: ['a', 'b'] });
  });
  test('cannot be listed when that is a file', async () => {
    await writeFile(join(home, 'clusters'), '');
    expect(await listClusters(home)).toMatchObject({
      ok: false,
      error: { code: 'directory-unusable' },
    });
  });
});
