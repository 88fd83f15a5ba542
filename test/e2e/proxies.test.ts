import { expect, test } from 'vitest';
import { type EtcdClient, createClient } from '../../src/etcd/index.js';
import {
  EXIT,
  LONG,
  MINORS,
  clientURLs,
  killHard,
  lab,
  until,
  writeAndRead,
} from '../lab/index.js';

const THREE = ['m1', 'm2', 'm3'];
const LANES = 4;
const CALL_MS = 5000;

/** Writes without pause through whatever endpoints it was given, and remembers every call that failed. */
class Busy {
  readonly failures: string[] = [];
  readonly #client: EtcdClient;
  readonly #lanes: Promise<unknown>;
  #writes = 0;
  #isOver = false;

  constructor(endpoints: readonly string[]) {
    this.#client = createClient({ endpoints });
    this.#lanes = Promise.all(Array.from({ length: LANES }, (_, lane) => this.#write(lane)));
  }

  async #write(lane: number): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const put = await this.#client.kv.put(`busy/${lane}/${i}`, 'v', { deadlineMs: CALL_MS });
      if (put.ok) this.#writes++;
      else this.failures.push(`${put.error.kind}: ${put.error.message}`);
    }
  }

  async flows(count = 100): Promise<void> {
    const goal = this.#writes + count;
    await until(`${count} more writes`, () =>
      Promise.resolve(this.#writes >= goal ? { done: true } : { seen: `${this.#writes} writes` }),
    );
  }

  async end(): Promise<number> {
    this.#isOver = true;
    await this.#lanes;
    await this.#client.close(0);
    return this.#writes;
  }
}

test.each(LONG ? MINORS : MINORS.slice(-2))(
  'etcd %s: a host beyond the size forwards, becomes a member while clients use it, and forwards again',
  async (version) => {
    const it = await lab({ version });
    const spec = await it.spec(THREE, { proxies: [{ name: 'edge', host: 'edge' }] });
    const preview = await it.ends(EXIT.changes, `plan -f ${spec}`);
    expect(preview.stdout).toContain('start the gateway edge');
    await it.must(`apply -f ${spec}`);
    const born = await it.settled(3);
    const [edge] = born.proxies;
    expect(born.members.map(({ name }) => name)).toEqual(THREE);
    expect(edge).toMatchObject({ name: 'edge', running: true, problems: [] });
    const edgeURLs = edge?.clientURLs ?? [];
    await writeAndRead(edgeURLs, 'through', 'the gateway');

    // A member and the gateway: whoever uses both must not notice what follows.
    const busy = new Busy([...edgeURLs, ...clientURLs(born)]);
    await busy.flows();
    await it.must('member add edge');
    const grown = await it.settled(4);
    expect(grown.proxies).toEqual([]);
    const member = grown.members.find(({ name }) => name === 'edge');
    expect(member).toMatchObject({ role: 'voter', clientURLs: edgeURLs });
    await busy.flows();

    await it.must('member remove edge --as-proxy');
    const back = await it.settled(3);
    expect(back.proxies).toMatchObject([{ name: 'edge', running: true, clientURLs: edgeURLs }]);
    await writeAndRead(edgeURLs, 'again', 'the gateway');
    await busy.flows();
    const writes = await busy.end();
    expect(busy.failures).toEqual([]);
    expect(writes).toBeGreaterThan(300);
  },
);

test('a gateway that is killed comes back by itself, and goes down with the cluster', async () => {
  const it = await lab({ version: MINORS.at(-1) ?? '' });
  await it.must(`apply -f ${await it.spec(THREE, { proxies: [{ name: 'edge', host: 'edge' }] })}`);
  const { proxies } = await it.settled(3);
  const gateways = async () =>
    (await it.processes()).filter(({ kind }) => kind === 'gateway').map(({ pid }) => pid);
  const [first = 0] = await gateways();
  await killHard(first);
  await until('another gateway', async () => {
    const [now] = await gateways();
    return now !== undefined && now !== first ? { done: true } : { seen: String(now) };
  });
  await it.settled(3);
  await writeAndRead(proxies[0]?.clientURLs ?? [], 'after', 'a kill');

  await it.must(`down ${it.name}`);
  expect(await gateways()).toEqual([]);
});
