import type { BinaryReader } from '@bufbuild/protobuf/wire';

/** How one RPC's request becomes bytes and its answer a message. */
export interface Codec<Request, Response> {
  readonly encode: (request: Request) => Uint8Array;
  /** Throws on bytes that are no such message. */
  readonly decode: (bytes: Uint8Array) => Response;
}

/** What the code generator makes of a message. */
interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(input: BinaryReader): T;
}

type MessageOf<Type> = Type extends MessageType<infer T> ? T : never;

/**
 * The codec of an RPC, loaded at the first call: protobuf's runtime costs more start-up time than all of this
 * client, and a program that imports the client may never call.
 */
export function lazyCodec<Module, Request extends keyof Module, Response extends keyof Module>(
  load: () => Promise<Module>,
  request: Request,
  response: Response,
): () => Promise<Codec<MessageOf<Module[Request]>, MessageOf<Module[Response]>>> {
  type Loaded = Codec<MessageOf<Module[Request]>, MessageOf<Module[Response]>>;
  let loading: Promise<Loaded> | undefined;
  return () =>
    (loading ??= Promise.all([load(), import('@bufbuild/protobuf/wire')]).then(([module, wire]) => {
      const requests = module[request] as MessageType<MessageOf<Module[Request]>>;
      const responses = module[response] as MessageType<MessageOf<Module[Response]>>;
      return {
        encode: (message) => requests.encode(message).finish(),
        decode: (bytes) => {
          const reader = new wire.BinaryReader(bytes);
          const message = responses.decode(reader);
          // Generated code takes some garbage for the end of the message and would give an empty one.
          if (reader.pos !== bytes.length) throw new Error(`stops at byte ${reader.pos}`);
          return message;
        },
      };
    }));
}
