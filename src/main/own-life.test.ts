import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { hasEnded, lifeOf } from './own-life.js';

test.skipIf(process.platform !== 'linux')(
  'a process that lives has not ended; killed, it has, and whoever has its pid next is another',
  async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const life = lifeOf(pid) ?? '';
    expect(life).toMatch(/^[0-9a-f-]{36}\/pid:\[\d+\]\/\d+$/);
    expect(hasEnded({ pid, life })).toBe(false);
    // The same pid, started at another time.
    expect(hasEnded({ pid, life: `${life}0` })).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(hasEnded({ pid, life })).toBe(true);
  },
);

test.skipIf(process.platform !== 'linux')(
  'of a process of another boot, container or machine nothing is said',
  () => {
    const life = lifeOf(process.pid) ?? '';
    const [boot = '', space = '', ticks = ''] = life.split('/');
    const gone = 2 ** 22 - 1;
    expect(hasEnded({ pid: gone, life })).toBe(true);
    expect(hasEnded({ pid: gone, life: `${boot.replace(/^./, 'x')}/${space}/${ticks}` })).toBe(
      false,
    );
    expect(hasEnded({ pid: gone, life: `${boot}/pid:[1]/${ticks}` })).toBe(false);
  },
);

test('without /proc a process has no name', () => {
  expect(lifeOf(process.pid, '/nowhere')).toBeUndefined();
});
