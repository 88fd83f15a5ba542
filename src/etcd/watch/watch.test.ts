import { afterEach, describe, expect, test } from 'vitest';
import { textOf } from '../api/common.js';
import { createClient, type EtcdClient, type Watch, type WatchItem } from '../index.js';
import { startFakeServer, type FakeServer } from '../testing/fake-server.js';
import {
  putEvent,
  serveStream,
  WATCH,
  watchAnswer,
  type FakeStream,
} from '../testing/fake-streams.js';
import type { WatchCreateRequest, WatchRequest, WatchResponse } from '../wire/generated/watch.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

type WatchStream = FakeStream<WatchRequest, WatchResponse>;

/** A server that lets the test answer what is asked on the `turn`th watch stream (from 1). */
async function watchServer(
  handle: (request: WatchRequest, stream: WatchStream, turn: number) => void,
): Promise<FakeServer> {
  const server = await startFakeServer(({ stream }, turn) => {
    serveStream(stream, WATCH, (request, fake) => handle(request, fake, turn));
  });
  cleanups.push(() => server.close());
  return server;
}

function clientOf(...servers: readonly FakeServer[]): EtcdClient {
  const client = createClient({ endpoints: servers.map(({ endpoint }) => endpoint) });
  cleanups.push(() => client.close(0));
  return client;
}

const createOf = ({ requestUnion }: WatchRequest): WatchCreateRequest | undefined =>
  requestUnion?.$case === 'createRequest' ? requestUnion.createRequest : undefined;
const cancelOf = ({ requestUnion }: WatchRequest): bigint | undefined =>
  requestUnion?.$case === 'cancelRequest' ? requestUnion.cancelRequest.watchId : undefined;

/** An item in one word: `a@5,b@6`, `progress 7`, `compacted 9`, or why it failed. */
function wordOf(item: WatchItem): string {
  switch (item.kind) {
    case 'events':
      return item.events.map(({ kv }) => `${textOf(kv.key)}@${kv.modRevision}`).join();
    case 'progress':
      return `progress ${item.revision}`;
    case 'ended':
      if (item.end.kind === 'compacted') return `compacted ${item.end.compactRevision}`;
      return item.end.error.kind === 'refused' ? item.end.error.reason : item.end.error.why;
  }
}

async function read(watch: Watch, count: number): Promise<readonly string[]> {
  const words: string[] = [];
  const reader = watch[Symbol.asyncIterator]();
  while (words.length < count) {
    const item = await reader.next();
    if (item.done === true) return [...words, 'done'];
    words.push(wordOf(item.value));
  }
  return words;
}

describe('a watch', () => {
  test('gives what changes after it is ready, in order', async () => {
    const server = await watchServer((request, stream) => {
      const create = createOf(request);
      if (create === undefined) return;
      stream.say(watchAnswer(create.watchId, 10n, { created: true }));
      stream.say(
        watchAnswer(create.watchId, 12n, { events: [putEvent('a', 11n), putEvent('b', 12n)] }),
      );
      stream.say(watchAnswer(create.watchId, 13n, { events: [putEvent('a', 13n)] }));
    });
    const watch = clientOf(server).watch.open({ prefix: '' });
    expect(await watch.ready).toEqual({ ok: true, value: 10n });
    expect(await read(watch, 2)).toEqual(['a@11,b@12', 'a@13']);
  });

  test('asks for what its options say', async () => {
    const asked: WatchCreateRequest[] = [];
    const server = await watchServer((request, stream) => {
      const create = createOf(request);
      if (create === undefined) return;
      asked.push(create);
      stream.say(watchAnswer(create.watchId, 1n, { created: true }));
    });
    const { watch } = clientOf(server);
    const options = { startRevision: 7n, only: 'deletes', wantPrevious: true } as const;
    await watch.open('k', options).ready;
    expect(asked[0]).toMatchObject({
      startRevision: 7n,
      filters: [0],
      prevKv: true,
      fragment: true,
    });
  });

  test('goes on after the last revision it gave, wherever the connection breaks', async () => {
    const starts: bigint[] = [];
    const server = await watchServer((request, stream, turn) => {
      const create = createOf(request);
      if (create === undefined) return;
      starts.push(create.startRevision);
      stream.say(watchAnswer(create.watchId, 10n, { created: true }));
      const revision = 10n + BigInt(turn);
      // The last one is said again, as by a server that goes back too far: it must not be given twice.
      const events = [putEvent('again', revision - 1n), putEvent('k', revision)];
      stream.say(
        watchAnswer(create.watchId, revision, { events: turn === 1 ? events.slice(1) : events }),
      );
      if (turn === 2) stream.end(14, 'etcdserver: no leader');
      else if (turn < 4) stream.stream.session?.ping(() => stream.stream.session?.destroy());
    });
    const watch = clientOf(server).watch.open({ prefix: '' });
    expect(await read(watch, 4)).toEqual(['k@11', 'k@12', 'k@13', 'k@14']);
    expect(starts).toEqual([0n, 12n, 13n, 14n]);
  });

  test('of one revision is not torn apart by fragments, nor by a break between them', async () => {
    const server = await watchServer((request, stream, turn) => {
      const create = createOf(request);
      if (create === undefined) return;
      const { watchId } = create;
      stream.say(watchAnswer(watchId, 4n, { created: true }));
      const [a, b, c] = [putEvent('a', 5n), putEvent('b', 6n), putEvent('c', 6n)];
      if (turn === 1) {
        stream.say(watchAnswer(watchId, 6n, { events: [a, b], fragment: true }));
        stream.stream.session?.ping(() => stream.stream.session?.destroy());
      } else {
        stream.say(watchAnswer(watchId, 6n, { events: [b], fragment: true }));
        stream.say(watchAnswer(watchId, 6n, { events: [c] }));
      }
    });
    const watch = clientOf(server).watch.open({ prefix: '' });
    expect(await read(watch, 2)).toEqual(['a@5', 'b@6,c@6']);
  });

  test('whose revisions are compacted says so and ends', async () => {
    const server = await watchServer((request, stream) => {
      const create = createOf(request);
      if (create === undefined) return;
      stream.say(watchAnswer(create.watchId, 90n, { created: true }));
      stream.say(watchAnswer(create.watchId, 90n, { canceled: true, compactRevision: 50n }));
    });
    const watch = clientOf(server).watch.open('k', { startRevision: 3n });
    expect(await read(watch, 2)).toEqual(['compacted 50', 'done']);
  });

  test('that is not permitted is told from its neighbours, though the server names none', async () => {
    const server = await watchServer((request, stream) => {
      const create = createOf(request);
      if (create === undefined) return;
      if (textOf(create.key) === 'secret') {
        const cancelReason =
          'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
        stream.say(watchAnswer(-1n, 1n, { created: true, canceled: true, cancelReason }));
        return;
      }
      stream.say(watchAnswer(create.watchId, 1n, { created: true }));
      stream.say(watchAnswer(create.watchId, 2n, { events: [putEvent('open', 2n)] }));
    });
    const client = clientOf(server);
    const watches = ['one', 'secret', 'two'].map((key) => client.watch.open(key));
    const words = await Promise.all(watches.map((watch) => read(watch, 1)));
    expect(words).toEqual([['open@2'], ['permission-denied'], ['open@2']]);
    expect(server.calls).toHaveLength(1);
  });

  test('tells progress when asked to, and goes on from there', async () => {
    const starts: bigint[] = [];
    const server = await watchServer((request, stream, turn) => {
      const create = createOf(request);
      if (request.requestUnion?.$case === 'progressRequest') stream.say(watchAnswer(-1n, 30n));
      if (create === undefined) return;
      starts.push(create.startRevision);
      stream.say(watchAnswer(create.watchId, 10n, { created: true }));
      if (turn === 1) {
        stream.say(watchAnswer(create.watchId, 20n));
        stream.stream.session?.ping(() => stream.stream.session?.destroy());
      }
    });
    const watch = clientOf(server).watch.open('k', { wantProgress: true });
    expect(await read(watch, 1)).toEqual(['progress 20']);
    await expect.poll(() => starts).toEqual([0n, 21n]);
    watch.requestProgress();
    expect(await read(watch, 1)).toEqual(['progress 30']);
  });

  test('whose reader is slow leaves the stream to the others and comes back for what it missed', async () => {
    const big = 'x'.repeat(900_000);
    const seen: string[] = [];
    const server = await watchServer((request, stream) => {
      const create = createOf(request);
      const canceled = cancelOf(request);
      if (canceled !== undefined) {
        seen.push('cancel');
        stream.say(watchAnswer(canceled, 30n, { canceled: true }));
      }
      if (create === undefined) return;
      const name = textOf(create.key);
      seen.push(`${name} from ${create.startRevision}`);
      stream.say(watchAnswer(create.watchId, 1n, { created: true }));
      if (name === 'quick') return;
      const from = create.startRevision === 0n ? 2n : create.startRevision;
      for (let revision = from; revision <= 12n; revision++) {
        stream.say(
          watchAnswer(create.watchId, revision, { events: [putEvent('big', revision, big)] }),
        );
      }
    });
    const client = clientOf(server);
    const slow = client.watch.open('slow');
    await expect.poll(() => slow.isPaused).toBe(true);
    expect((await client.watch.open('quick').ready).ok).toBe(true);
    const words = await read(slow, 11);
    expect(words).toEqual([...Array(11).keys()].map((index) => `big@${index + 2}`));
    expect(seen.filter((word) => word.startsWith('slow')).length).toBeGreaterThan(1);
  });

  test('that is cancelled is cancelled at the server too; the last one ends the stream', async () => {
    const canceled: bigint[] = [];
    let isClosed = false;
    const server = await watchServer((request, stream) => {
      const create = createOf(request);
      const id = cancelOf(request);
      if (id !== undefined) canceled.push(id);
      stream.stream.once('close', () => (isClosed = true));
      if (create !== undefined) stream.say(watchAnswer(create.watchId, 1n, { created: true }));
    });
    const client = clientOf(server);
    const ending = new AbortController();
    const [one, two] = [client.watch.open('a'), client.watch.open('b', { signal: ending.signal })];
    await Promise.all([one.ready, two.ready]);
    one.cancel();
    await expect.poll(() => canceled).toEqual([1n]);
    expect(await read(one, 1)).toEqual(['done']);
    ending.abort();
    expect(await read(two, 1)).toEqual(['done']);
    await expect.poll(() => isClosed).toBe(true);
  });

  test('moves when the server says that it is going away', async () => {
    const server = await watchServer((request, stream, turn) => {
      const create = createOf(request);
      if (create === undefined) return;
      stream.say(watchAnswer(create.watchId, 10n, { created: true }));
      if (turn === 1) stream.stream.session?.goaway(0, 2 ** 31 - 1);
      else stream.say(watchAnswer(create.watchId, 11n, { events: [putEvent('k', 11n)] }));
    });
    expect(await read(clientOf(server).watch.open('k'), 1)).toEqual(['k@11']);
    expect(server.connectionCount).toBe(2);
  });

  test('of a client that closes fails as closed', async () => {
    const server = await watchServer(() => undefined);
    const client = clientOf(server);
    const before = client.watch.open('k');
    await client.close(0);
    expect(await read(before, 2)).toEqual(['closed', 'done']);
    expect(await read(client.watch.open('k'), 1)).toEqual(['closed']);
  });
});
