import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installNpmPeers, repositoryRoot } from './peers.js';

/** How a raw call ended: the message as plain data, or the code and text of the server's refusal. */
export type RawAnswer =
  | { readonly ok: true; readonly value: RawMessage }
  | { readonly ok: false; readonly code: number; readonly message: string };

/** A message as its proto file names things: 64-bit numbers as decimal text, bytes as hex, absent messages as null. */
export interface RawMessage {
  readonly [field: string]: unknown;
}

/** etcd's RPCs through `@grpc/grpc-js` and `protobufjs`, with our proto files and none of our code. */
export interface RawClient {
  /** `KV/Range`, with its request as the proto file names it. */
  unary(method: string, request: RawMessage): Promise<RawAnswer>;
  /** Sends these on a stream, and answers what came until `isEnough`; without it until the server ended the stream. */
  stream(
    method: string,
    requests: readonly RawMessage[],
    isEnough?: (answers: readonly RawMessage[]) => boolean,
  ): Promise<readonly RawMessage[]>;
  setToken(token: string | undefined): void;
  close(): void;
}

export async function rawClient(endpoint: string): Promise<RawClient> {
  const require = await installNpmPeers();
  const grpc = require('@grpc/grpc-js') as GrpcJs;
  const protobuf = require('protobufjs') as ProtobufJs;
  const directory = join(repositoryRoot(), 'src', 'etcd', 'wire', 'proto');
  const names = (await readdir(directory)).filter((name) => name.endsWith('.proto'));
  const root = new protobuf.Root();
  root.resolvePath = (_from, to) => join(directory, to.split('/').at(-1) ?? to);
  await root.load(names, { keepCase: true });
  const client = new grpc.Client(new URL(endpoint).host, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
  let token: string | undefined;
  const metadata = () => {
    const made = new grpc.Metadata();
    if (token !== undefined) made.set('token', token);
    return made;
  };
  const method = (name: string) => {
    const [service = '', rpc = ''] = name.split('/');
    const found = root.lookupService(`etcdserverpb.${service}`).methods[rpc];
    if (found === undefined) throw new Error(`our proto files have no ${name}`);
    const type = (text: string) => root.lookupType(`etcdserverpb.${text}`);
    const [request, response] = [type(found.requestType), type(found.responseType)];
    return {
      path: `/etcdserverpb.${name}`,
      encode: (message: RawMessage) =>
        Buffer.from(request.encode(request.fromObject(message)).finish()),
      decode: (bytes: Buffer) => plain(response.toObject(response.decode(bytes), AS_DATA)),
    };
  };
  return {
    unary: async (name, message) => {
      const { path, encode, decode } = method(name);
      return await new Promise((resolve) => {
        client.makeUnaryRequest(path, encode, decode, message, metadata(), (error, answer) => {
          if (error === null) resolve({ ok: true, value: answer ?? {} });
          else resolve({ ok: false, code: error.code, message: error.details });
        });
      });
    },
    stream: async (name, messages, isEnough) => {
      const { path, encode, decode } = method(name);
      const call = client.makeBidiStreamRequest(path, encode, decode, metadata());
      const answers: RawMessage[] = [];
      return await new Promise((resolve, reject) => {
        const end = () => {
          resolve(answers);
          call.cancel();
        };
        call.on('data', (answer: RawMessage) => {
          answers.push(answer);
          if (isEnough?.(answers) === true) end();
        });
        call.on('end', end);
        call.on('error', (error: Error & { code: number }) => {
          if (error.code === CANCELLED) return;
          reject(error);
        });
        for (const message of messages) call.write(message);
        if (isEnough === undefined) call.end();
      });
    },
    setToken: (given) => {
      token = given;
    },
    close: () => client.close(),
  };
}

const CANCELLED = 1;
const AS_DATA = { longs: String, enums: Number, defaults: true, arrays: true, oneofs: true };

/** Bytes as hex, in every depth. */
function plain(value: unknown): RawMessage {
  const turn = (each: unknown): unknown => {
    if (each instanceof Uint8Array) return Buffer.from(each).toString('hex');
    if (Array.isArray(each)) return each.map(turn);
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, turn(inner)]));
  };
  return turn(value) as RawMessage;
}

/** The parts of the peers' interfaces that are used here; their packages are not installed where types are checked. */
interface GrpcJs {
  readonly credentials: { createInsecure(): object };
  readonly Metadata: new () => { set(key: string, value: string): void };
  readonly Client: new (
    address: string,
    credentials: object,
    options: object,
  ) => {
    makeUnaryRequest(
      path: string,
      encode: (message: RawMessage) => Buffer,
      decode: (bytes: Buffer) => RawMessage,
      message: RawMessage,
      metadata: object,
      done: (error: { code: number; details: string } | null, answer?: RawMessage) => void,
    ): void;
    makeBidiStreamRequest(
      path: string,
      encode: (message: RawMessage) => Buffer,
      decode: (bytes: Buffer) => RawMessage,
      metadata: object,
    ): {
      on(event: 'data', listener: (answer: RawMessage) => void): void;
      on(event: 'end', listener: () => void): void;
      on(event: 'error', listener: (error: Error & { code: number }) => void): void;
      write(message: RawMessage): void;
      end(): void;
      cancel(): void;
    };
    close(): void;
  };
}

interface ProtobufJs {
  readonly Root: new () => {
    resolvePath: (from: string, to: string) => string;
    load(names: readonly string[], options: object): Promise<unknown>;
    lookupService(name: string): {
      readonly methods: Readonly<Record<string, { requestType: string; responseType: string }>>;
    };
    lookupType(name: string): {
      fromObject(message: RawMessage): object;
      encode(message: object): { finish(): Uint8Array };
      decode(bytes: Buffer): object;
      toObject(message: object, options: object): object;
    };
  };
}
