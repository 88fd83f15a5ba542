import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Transport } from '../../../core/bootstrap/index.js';
import type { DNSAddress } from '../addresses.js';
import { framed } from '../server/tcp.js';
import { HEADER_BYTES } from '../wire/codes.js';

export type Exchanged =
  | { readonly kind: 'answer'; readonly bytes: Buffer }
  /** The message certainly did not arrive: nobody was there to take it. */
  | { readonly kind: 'not-sent'; readonly because: string }
  /** It was, or may have been, sent, and nothing came back. */
  | { readonly kind: 'no-answer'; readonly because: string };

/** Nobody needs a longer one, and over TCP a server could send this much. */
const ANSWER_BYTES_MAX = 65_535;

/** One message there, one back; over UDP anything that is not an answer to it is passed over. Ends with its deadline. */
export async function exchange(
  server: DNSAddress,
  transport: Transport,
  message: Buffer,
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<Exchanged> {
  const end = new AbortController();
  const onAbort = () => end.abort();
  const timer = setTimeout(onAbort, deadlineMs);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    const over = transport === 'tcp' ? overTCP : overUDP;
    return await over(server, message, end.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const late = (): Exchanged => ({ kind: 'no-answer', because: 'No answer came in time.' });

/** Sent again once, as every resolver does: a datagram may be lost. */
const REPEAT_MS = 1_000;

function overUDP(server: DNSAddress, message: Buffer, signal: AbortSignal): Promise<Exchanged> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
    const send = () => socket.send(message);
    let repeat: NodeJS.Timeout | undefined;
    const end = (result: Exchanged) => {
      clearTimeout(repeat);
      signal.removeEventListener('abort', onAbort);
      socket.close();
      resolve(result);
    };
    const onAbort = () => end(late());
    socket.once('error', (error) => end({ kind: 'no-answer', because: `${error.message}.` }));
    socket.on('message', (bytes: Buffer) => {
      if (isAnswerTo(message, bytes)) end({ kind: 'answer', bytes });
    });
    // Connected: the kernel then takes packets of this server only, and says when nobody listens.
    socket.connect(server.port, server.host, () => {
      send();
      repeat = setTimeout(send, REPEAT_MS);
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function overTCP(server: DNSAddress, message: Buffer, signal: AbortSignal): Promise<Exchanged> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.host, port: server.port });
    let isConnected = false;
    let held = Buffer.alloc(0);
    const end = (result: Exchanged) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(result);
    };
    const nothing = (because: string) =>
      end({ kind: isConnected ? 'no-answer' : 'not-sent', because });
    const onAbort = () => nothing('No answer came in time.');
    socket.once('connect', () => {
      isConnected = true;
      socket.write(framed(message));
    });
    socket.once('error', (error) => nothing(`${error.message}.`));
    socket.once('end', () => nothing('The server closed the connection without an answer.'));
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      if (held.length > ANSWER_BYTES_MAX + 2) nothing('The answer is too long.');
      if (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) return;
      const bytes = held.subarray(2, 2 + held.readUInt16BE(0));
      if (isAnswerTo(message, bytes)) end({ kind: 'answer', bytes });
      else nothing('What came is no answer to it.');
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Same id, and an answer. */
const isAnswerTo = (message: Buffer, bytes: Buffer): boolean =>
  bytes.length >= HEADER_BYTES &&
  bytes.readUInt16BE(0) === message.readUInt16BE(0) &&
  (bytes.readUInt16BE(2) & 0x8000) !== 0;
