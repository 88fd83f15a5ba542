import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { askService } from './service-client.js';

test('a service that takes the question and never answers is given up, whatever the garbage collector does', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const collecting = setInterval(collect, 20);
  const { signal } = new AbortController();
  const asked = await askService(`http://127.0.0.1:${port}/tok`, signal, 300);
  clearInterval(collecting);
  expect(asked.ok ? undefined : asked.error.code).toBe('discovery-service-silent');
  server.close();
});
