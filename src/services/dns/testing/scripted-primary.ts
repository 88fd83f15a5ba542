/** For tests only: a primary that answers questions from a zone, and updates as the test says. */
import { once } from 'node:events';
import { type Server, createServer } from 'node:net';
import { answerTo } from '../server/answer.js';
import { framed } from '../server/tcp.js';
import type { Zone } from '../server/zone.js';
import { HEADER_BYTES, OPCODE } from '../wire/codes.js';

export interface ScriptedPrimary {
  readonly address: string;
  /** The updates that came. */
  readonly updates: readonly Buffer[];
  close(): Promise<void>;
}

/** What becomes of an update: an answer, or nothing, with the connection closed. */
export type OnUpdate = (update: Buffer) => Buffer | undefined;

export async function scriptedPrimary(zone: Zone, onUpdate: OnUpdate): Promise<ScriptedPrimary> {
  const updates: Buffer[] = [];
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk: Buffer) => {
      const message = chunk.subarray(2);
      const isUpdate = ((message.readUInt16BE(2) >> 11) & 0xf) === OPCODE.UPDATE;
      if (isUpdate) updates.push(Buffer.from(message));
      const answer = isUpdate ? onUpdate(message) : answerTo(message, zone, undefined).bytes;
      if (answer === undefined) socket.destroy();
      else socket.end(framed(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  const port = at === null || typeof at === 'string' ? 0 : at.port;
  return {
    address: `127.0.0.1:${port}`,
    updates,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** The header of an answer to this message. */
export function answerHeader(message: Buffer, rcode: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(message.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8000 | (OPCODE.UPDATE << 11) | rcode, 2);
  return header;
}
