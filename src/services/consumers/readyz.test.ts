import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { unsafeBrand } from '../../base/index.js';
import { parseFacts } from './facts.js';
import { askScript } from './scripts.js';
import { localShell } from './testing/local-shell.js';

/** What the script says of a /readyz that answers so. */
async function readyAt(url: string): Promise<string | undefined> {
  const command = { doing: 'ask', script: askScript({ names: [], readyz: url }), deadlineMs: 9000 };
  const signal = new AbortController().signal;
  const end = await localShell().run(unsafeBrand('here'), command, signal);
  return end.kind === 'ended' ? parseFacts(new TextDecoder().decode(end.stdout)).ready : undefined;
}

test.each([
  [200, 'ok', 'ok'],
  [401, 'Unauthorized', 'ok'],
  [
    500,
    '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n',
    '500: [-]etcd failed: reason withheld ',
  ],
])('%i is told as it is', async (code, body, ready) => {
  const server = createServer((_, response) => response.writeHead(code).end(body));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await readyAt(`http://127.0.0.1:${port}/readyz`)).toBe(ready);
  server.close();
});

test('where nobody listens the words of the program that asked are told', async () => {
  expect(await readyAt('http://127.0.0.1:1/readyz')).toMatch(/^none: curl: \(7\) /);
});
