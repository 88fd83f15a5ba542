import type { Socket } from 'node:net';
import { Farewell } from './farewell.js';

/** Bytes passed on, by direction; shared by all connections of one backend. */
export interface Tally {
  toBackendBytes: number;
  toClientBytes: number;
}

interface RelayParts {
  readonly client: Socket;
  readonly backend: Socket;
  readonly tally: Tally;
  readonly bufferBytesMax: number;
  /** Both sides are closed. */
  readonly onEnd: () => void;
}

/**
 * Passes bytes both ways between two sockets until both sides have ended. One side may end and still be answered. Who
 * does not read is not written to beyond the limit: then the other side is not read. An error on one side, a reset too,
 * cuts the other.
 */
export class Relay {
  readonly #client: Socket;
  readonly #backend: Socket;
  readonly #farewell = new Farewell();
  #passedBytes = 0;
  #seenBytes = -1;
  #backendSpokeLast = false;
  #open = 2;

  constructor({ client, backend, tally, bufferBytesMax, onEnd }: RelayParts) {
    this.#client = client;
    this.#backend = backend;
    client.on('data', (chunk: Buffer) => {
      tally.toBackendBytes += chunk.length;
      this.#passedBytes += chunk.length;
      this.#backendSpokeLast = false;
      this.#farewell.fromClient(chunk);
      if (!backend.write(chunk) && backend.writableLength >= bufferBytesMax) hold(client, backend);
    });
    backend.on('data', (chunk: Buffer) => {
      tally.toClientBytes += chunk.length;
      this.#passedBytes += chunk.length;
      this.#backendSpokeLast = true;
      const place = this.#farewell.fromBackend(chunk);
      if (
        !write(client, chunk, place, this.#farewell.frame) &&
        client.writableLength >= bufferBytesMax
      )
        hold(backend, client);
    });
    const bind = (from: Socket, to: Socket) => {
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        // Closed before it had ended both ways: nothing that still comes can be delivered.
        if (!from.readableEnded || !from.writableFinished) to.destroy();
        this.#open--;
        if (this.#open === 0) onEnd();
      });
    };
    bind(client, backend);
    bind(backend, client);
    client.resume();
    backend.resume();
  }

  /** Asks an HTTP/2 client to take its next calls elsewhere; without effect on any other, or through TLS. */
  sayFarewell(): void {
    if (this.#farewell.ask() && this.#client.writable) this.#client.write(this.#farewell.frame);
  }

  /** Both ends are closed now, whatever is under way. False: they were before, and are about to be gone. */
  cut(): boolean {
    if (this.#client.destroyed && this.#backend.destroyed) return false;
    this.#client.destroy();
    this.#backend.destroy();
    return true;
  }

  /**
   * Whether nothing passed since this was last asked and the backend had the last word: most likely nobody waits for an
   * answer.
   */
  isQuiet(): boolean {
    const isStill = this.#passedBytes === this.#seenBytes;
    this.#seenBytes = this.#passedBytes;
    return isStill && (this.#backendSpokeLast || this.#passedBytes === 0);
  }
}

/** The farewell belongs at `place` in the chunk, if anywhere. */
function write(to: Socket, chunk: Buffer, place: number | undefined, farewell: Buffer): boolean {
  if (place === undefined) return to.write(chunk);
  to.write(chunk.subarray(0, place));
  to.write(farewell);
  return to.write(chunk.subarray(place));
}

function hold(from: Socket, to: Socket): void {
  from.pause();
  to.once('drain', () => from.resume());
}
