import { expect, test } from 'vitest';
import { ANY_MINOR, EXIT, lab, until, writeAndRead } from '../lab/index.js';

interface GatewayJSON {
  readonly listening: readonly string[];
  readonly metrics: string | null;
  readonly backends: readonly { readonly in: boolean; readonly leader: boolean }[];
}

test('`quorate gateway` before a cluster of ours: it follows the members, reloads, and drains at SIGTERM', async () => {
  const it = await lab({ version: ANY_MINOR });
  await it.up(3);
  await it.settled(3);
  const gatewayURL = await it.freeURL();
  const metricsURL = await it.freeURL();
  const address = (url: string) => url.replace('http://', '');
  const gateway = it.start(
    `gateway --listen ${address(gatewayURL)} --metrics ${address(metricsURL)} -o json`,
  );
  await gateway.says(/"backends"/);
  await writeAndRead([gatewayURL], 'through', 'the gateway');
  expect((await fetch(`${metricsURL}/health`)).status).toBe(200);

  await it.must('member add m4');
  await until('the gateway knows four members that are in', async () => {
    const text = await (await fetch(`${metricsURL}/metrics`)).text();
    const count = text.match(/^quorate_gateway_backend_in\S* 1$/gm)?.length;
    return count === 4 ? { done: true } : { seen: text };
  });
  await writeAndRead([gatewayURL], 'after', 'growth');
  gateway.kill('SIGHUP');
  await gateway.says(/SIGHUP: everything was read again/);

  gateway.kill('SIGTERM');
  const ran = await gateway.done;
  expect(ran.code).toBe(EXIT.done);
  const began = ran.json<GatewayJSON>();
  expect(began.listening).toEqual([address(gatewayURL)]);
  expect(began.metrics).toBe(address(metricsURL));
  expect(began.backends.filter((backend) => backend.in)).toHaveLength(3);
  expect(began.backends.filter(({ leader }) => leader)).toHaveLength(1);
});
