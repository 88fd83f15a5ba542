import { type LogLevel, type Logger, type Result, deadlineSignal, ok } from '../base/index.js';
import { type EtcdClient, createClient } from '../etcd/index.js';
import type {
  Discovery,
  DiscoveryPlace,
  DiscoveryStorage,
  TokenPlace,
} from '../frontends/cli/index.js';
import { createEtcdAdmin } from '../services/admin/index.js';
import {
  type NewToken,
  type TokenFacts,
  type TokenReport,
  discoveryNoV3Here,
  newTokenAt,
  newTokenThrough,
  peersToAsk,
  startDiscoveryService,
  startFlagsOf,
  tokenFactsAt,
  tokenFactsThrough,
  tokenReportOf,
} from '../services/discovery/index.js';
import type { Machine } from './machine.js';

const DRAIN_MS = 3_000;
const ASK_MS = 2_000;

/** The `discovery` commands, put together. */
export function discoveryOf({ clock, random }: Machine): Discovery {
  const clientOf = ({ endpoints, cacert, cert, key }: DiscoveryStorage): EtcdClient =>
    createClient({
      endpoints,
      clock,
      ...(cacert === undefined && cert === undefined
        ? {}
        : { tls: { caFile: cacert, certFile: cert, keyFile: key } }),
    });
  const using = async <T>(
    storage: DiscoveryStorage,
    work: (client: EtcdClient) => Promise<T>,
  ): Promise<T> => {
    const client = clientOf(storage);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  };

  return {
    serve: async (settings) => {
      const { storage, tlsCert, tlsKey } = settings;
      const client = clientOf(storage);
      const service = await startDiscoveryService({
        client,
        clock,
        random,
        logger: telling(settings.tell),
        advertise: settings.advertise,
        endpoints: storage.endpoints,
        listen: {
          address: settings.listen,
          isInsecureAllowed: settings.insecure,
          tls:
            tlsCert === undefined || tlsKey === undefined
              ? undefined
              : { certFile: tlsCert, keyFile: tlsKey },
        },
      });
      if (!service.ok) {
        await client.close();
        return service;
      }
      return ok({
        url: service.value.url,
        drain: async () => {
          await service.value.drain(DRAIN_MS);
          await client.close();
        },
      });
    },
    create: async (at, { size, protocol, ttlMs }, signal) => {
      const make = (protocols: NewToken['protocols']): Promise<Result<NewToken>> =>
        newTokenOf(at, { size, protocols, ttlMs }, signal);
      let made: Result<NewToken>;
      switch (protocol) {
        case 'v2':
        case 'v3':
          made = await make([protocol]);
          break;
        case 'both':
          made = await make(['v2', 'v3']);
          break;
        case 'any':
          made = await make(['v2', 'v3']);
          if (!made.ok && discoveryNoV3Here.is(made.error)) made = await make(['v2']);
          break;
      }
      return made.ok ? ok({ ...made.value, ttlMs, flags: startFlagsOf(made.value) }) : made;
    },
    look: async (at, signal) => {
      const facts = await factsOf(at, signal);
      return facts.ok ? ok(await reportOn(facts.value, signal)) : facts;
    },
  };

  function newTokenOf(
    at: DiscoveryPlace,
    wish: Parameters<typeof newTokenAt>[1],
    signal: AbortSignal,
  ): Promise<Result<NewToken>> {
    if (at.kind === 'service') return newTokenThrough(at.url, wish, signal);
    const { endpoints } = at.storage;
    return using(at.storage, (client) =>
      newTokenAt({ client, clock, random }, wish, { endpoints, service: at.service }),
    );
  }

  function factsOf(at: TokenPlace, signal: AbortSignal): Promise<Result<TokenFacts>> {
    return at.kind === 'url'
      ? tokenFactsThrough(at.url, signal)
      : using(at.storage, (client) => tokenFactsAt({ client, clock }, at.token));
  }

  async function reportOn(facts: TokenFacts, signal: AbortSignal): Promise<TokenReport> {
    const admin = createEtcdAdmin({ clock });
    try {
      const limited = deadlineSignal(ASK_MS, signal);
      const sights = await Promise.all(
        peersToAsk(facts).map(async (url) => [url, await admin.peer(url, limited)] as const),
      );
      return tokenReportOf(facts, new Map(sights));
    } finally {
      await admin.close();
    }
  }
}

/** The service's log as lines for a person: those of one turn of the event loop in one write. */
function telling(tell: (line: string) => void): Logger {
  let lines: string[] = [];
  const say = (line: string): void => {
    if (lines.push(line) > 1) return;
    setImmediate(() => {
      const all = lines.join('\n');
      lines = [];
      tell(all);
    });
  };
  return {
    log: (_level: LogLevel, message, data = {}) => {
      const { token, member, have, of, because, code } = data;
      if (typeof member === 'string') say(`${token}: ${member} registered (${have} of ${of})`);
      else if (typeof code === 'string') say(`refused: ${message} [${code}]`);
      else say([message, token, because].filter((part) => part !== undefined).join(' '));
    },
  };
}
