import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { parseTSIGKey, readTSIGKey } from './key-file.js';

const SECRET = 'c2VjcmV0IG9mIHRoZSB6b25lIQ==';
const BIND = `# made for the zone
key "Etcd-Update." {
  algorithm hmac-sha256;
  secret "${SECRET}";
};
`;

const codeOf = (text: string): string => {
  const key = parseTSIGKey(text, 'k');
  return key.ok ? '' : key.error.code;
};

describe('a key', () => {
  test.each([
    ['as tsig-keygen writes it', BIND],
    ['in one line', `hmac-sha256:etcd-update:${SECRET}\n`],
  ])('%s', (_, text) => {
    const key = parseTSIGKey(text, 'k');
    expect(key.ok && key.value).toMatchObject({ name: 'etcd-update', algorithm: 'hmac-sha256' });
    expect(key.ok && key.value.withSecret((secret) => secret.toString())).toBe(
      'secret of the zone!',
    );
  });

  test.each([
    ['nothing', ''],
    ['two keys', BIND + BIND],
    ['an algorithm that is broken', BIND.replace('sha256', 'md5')],
    ['no secret', BIND.replace(/secret.*\n/, '')],
    ['a secret that is no base64', BIND.replace(SECRET, 'not base64!')],
    ['an empty secret', BIND.replace(SECRET, '')],
  ])('is refused: %s', (_, text) => {
    expect(codeOf(text)).toBe('tsig-key-malformed');
  });

  test('no problem and no printout shows what is in it', () => {
    const key = parseTSIGKey(BIND, 'k');
    const shown = inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key);
    expect(shown).not.toContain('secret of');
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain(Buffer.from(SECRET, 'base64').toString('hex').slice(0, 10));
    const bad = parseTSIGKey(BIND.replace('algorithm', 'algorythm'), 'k');
    expect(JSON.stringify(bad)).not.toContain(SECRET);
  });
});

describe('its file', () => {
  const directories: string[] = [];
  afterEach(async () => {
    for (const each of directories.splice(0)) await rm(each, { recursive: true });
  });
  const fileWith = async (mode: number): Promise<string> => {
    const directory = await mkdtemp(join(tmpdir(), 'quorate-key-'));
    directories.push(directory);
    const path = join(directory, 'key');
    await writeFile(path, BIND);
    await chmod(path, mode);
    return path;
  };

  test.each([0o640, 0o604, 0o660, 0o622])('with mode %o is refused', async (mode) => {
    const path = await fileWith(mode);
    const key = await readTSIGKey(path);
    expect(!key.ok && key.error.code).toBe('tsig-key-open');
    expect(!key.ok && key.error.hint).toContain(`chmod 600 ${path}`);
  });

  test('that only its owner can read is read', async () => {
    const key = await readTSIGKey(await fileWith(0o600));
    expect(key.ok).toBe(true);
  });

  test('that is not there is a problem', async () => {
    const key = await readTSIGKey('/nowhere/key');
    expect(!key.ok && key.error.code).toBe('tsig-key-unreadable');
  });
});
