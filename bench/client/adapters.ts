import { putRequestOf, rangeRequestOf } from '../../src/etcd/api/kv-messages.js';
import { createClient } from '../../src/etcd/index.js';
import {
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
} from '../../src/etcd/wire/generated/kv.js';
import { installNpmPeers } from '../../test/lab/peers.js';

/** What a client under measurement can do; each call rejects when etcd did not do it. */
export interface Measured {
  range(key: string): Promise<unknown>;
  put(key: string, value: string): Promise<unknown>;
}

export const ADAPTERS = {
  quorate: async (endpoint: string): Promise<Measured> => {
    const { kv } = createClient({ endpoints: [endpoint] });
    const valueOf = <T>(result: { ok: true; value: T } | { ok: false; error: object }): T => {
      if (result.ok) return result.value;
      throw new Error(JSON.stringify(result.error));
    };
    return {
      range: async (key) => valueOf(await kv.range(key)),
      put: async (key, value) => valueOf(await kv.put(key, value)),
    };
  },

  etcd3: async (endpoint: string): Promise<Measured> => {
    const { Etcd3 } = (await installNpmPeers())('etcd3') as {
      Etcd3: new (options: { hosts: string }) => Etcd3;
    };
    const client = new Etcd3({ hosts: endpoint });
    return {
      range: async (key) => await client.get(key).buffer(),
      put: async (key, value) => await client.put(key).value(value),
    };
  },

  /** Nothing but the transport, with the messages that ours uses too. */
  'grpc-js': async (endpoint: string): Promise<Measured> => {
    const { Client, credentials } = (await installNpmPeers())('@grpc/grpc-js') as GrpcJs;
    const client = new Client(new URL(endpoint).host, credentials.createInsecure());
    const unary = <Request, Response>(
      path: string,
      encode: (request: Request) => Buffer,
      decode: (bytes: Buffer) => Response,
      request: Request,
    ) =>
      new Promise<Response>((resolve, reject) => {
        client.makeUnaryRequest(path, encode, decode, request, (error, answer) => {
          if (error === null) resolve(answer as Response);
          else reject(error);
        });
      });
    const encodeRange = (request: RangeRequest) =>
      Buffer.from(RangeRequest.encode(request).finish());
    const encodePut = (request: PutRequest) => Buffer.from(PutRequest.encode(request).finish());
    return {
      range: async (key) => {
        const request = rangeRequestOf(key, {});
        const decode = (bytes: Buffer) => RangeResponse.decode(bytes);
        return await unary('/etcdserverpb.KV/Range', encodeRange, decode, request);
      },
      put: async (key, value) => {
        const request = putRequestOf(key, value, {});
        const decode = (bytes: Buffer) => PutResponse.decode(bytes);
        return await unary('/etcdserverpb.KV/Put', encodePut, decode, request);
      },
    };
  },
} as const satisfies Readonly<Record<string, (endpoint: string) => Promise<Measured>>>;

/** The parts of the peers' interfaces that are used here; their packages are not installed where types are checked. */
interface Etcd3 {
  get(key: string): { buffer(): Promise<unknown> };
  put(key: string): { value(value: string): Promise<unknown> };
}

interface GrpcJs {
  readonly credentials: { createInsecure(): object };
  readonly Client: new (
    address: string,
    credentials: object,
  ) => {
    makeUnaryRequest<Request, Response>(
      path: string,
      encode: (request: Request) => Buffer,
      decode: (bytes: Buffer) => Response,
      request: Request,
      done: (error: Error | null, answer?: Response) => void,
    ): void;
  };
}
