import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeDirectory, writeWhole } from './files.js';

describe('files', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'quorate-files-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  test('a directory is made with its parents, private, and may be there already', async () => {
    const path = join(home, 'a', 'b', 'c');
    await makeDirectory(path);
    await makeDirectory(path);
    expect((await stat(join(home, 'a'))).mode & 0o777).toBe(0o700);
  });

  test('many who make one directory with its parents at the same moment all find it made', async () => {
    const paths = Array.from({ length: 200 }, (_, i) => join(home, `p${i % 2}`, 'b', 'c', 'd'));
    await Promise.all(paths.map((path) => makeDirectory(path)));
    expect((await readdir(home)).sort()).toEqual(['p0', 'p1']);
  });

  test('a directory that cannot be made is an error with its true reason, at once', async () => {
    await writeFile(join(home, 'file'), '');
    await expect(makeDirectory(join(home, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeDirectory(join(home, 'file', 'a', 'b'))).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
    await expect(makeDirectory('/proc/no-such-process/a/b')).rejects.toThrow();
  });

  test('a file is replaced as a whole, and a failed write leaves nothing behind', async () => {
    const path = join(home, 'x.json');
    await writeWhole(path, 'old', { durable: true });
    await writeWhole(path, 'new', { durable: false });
    expect(await readFile(path, 'utf8')).toBe('new');
    await makeDirectory(join(home, 'taken'));
    await expect(writeWhole(join(home, 'taken'), 'x', { durable: false })).rejects.toThrow();
    expect((await readdir(home)).sort()).toEqual(['taken', 'x.json']);
  });
});
