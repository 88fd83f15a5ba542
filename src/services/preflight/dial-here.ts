import { connect } from 'node:net';
import type { Clock } from '../../base/index.js';
import { type DialEnd, dialEndOf } from './connections.js';
import { DIAL_SECONDS, type DialOrder } from './scripts/dial-script.js';

const DIAL_MS = DIAL_SECONDS * 1000;
/** Our listener speaks first; whoever is silent for so long is somebody else. */
const WORD_MS = 1000;

/** One connection from this machine, closed again at once. */
export function dialFromHere(
  { name, port, expectsWord }: DialOrder,
  clock: Clock,
  signal: AbortSignal,
): Promise<DialEnd> {
  return new Promise((resolve) => {
    const begin = clock.monotonicMs();
    const socket = connect({ host: name, port, signal });
    let cancel = clock.after(DIAL_MS, () => settle({ kind: 'silent' }));
    const settle = (end: DialEnd) => {
      cancel();
      socket.destroy();
      resolve(end);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => {
      settle(
        signal.aborted
          ? { kind: 'failed', words: 'it was cancelled' }
          : dialEndOf(error.code ?? error.message),
      );
    });
    socket.on('connect', () => {
      cancel();
      const tookMs = clock.monotonicMs() - begin;
      if (!expectsWord) return settle({ kind: 'connected', tookMs, word: '' });
      let word = '';
      const heard = () => settle({ kind: 'connected', tookMs, word: word.split('\n')[0] ?? '' });
      cancel = clock.after(WORD_MS, heard);
      socket.setEncoding('utf8');
      socket.on('data', (text: string) => {
        word += text;
        if (word.includes('\n')) heard();
      });
      socket.on('end', heard);
    });
  });
}
