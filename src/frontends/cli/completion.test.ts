import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { fakeMachine } from './testing/fake-machine.js';

const run = promisify(execFile);

/** What bash offers after these words, the last of which is being typed. */
async function bashOffers(...words: readonly string[]): Promise<readonly string[]> {
  const { out } = await fakeMachine().type('completion', 'bash');
  const quoted = ['quorate', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _quorate; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', `${out}\n${ask}`]);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion', () => {
  test('bash offers the commands that fit', async () => {
    expect(await bashOffers('st')).toEqual(['status']);
    expect(await bashOffers('member', 'mo')).toEqual(['move-leader']);
  });

  test('bash offers the options of the command, also behind other words', async () => {
    expect(await bashOffers('up', '--size', '5', '--of')).toEqual(['--offline']);
    expect(await bashOffers('member', 'add', 'm4', '--v')).toEqual(['--voter']);
  });

  test('zsh and fish scripts name every command', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { out, exit } = await fakeMachine().type('completion', shell);
      expect(exit).toBe(0);
      for (const name of ['up', 'destroy', 'move-leader', 'versions', 'completion']) {
        expect(out).toContain(name);
      }
    }
  });

  test('another shell is refused', async () => {
    const typed = await fakeMachine().type('completion', 'fsh');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('Did you mean zsh?');
  });
});
