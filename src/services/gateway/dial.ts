import type { Socket } from 'node:net';
import type { Clock } from '../../base/index.js';
import type { Backend } from './backend.js';
import { isOwnFault } from './faults.js';
import type { GatewayLimits } from './limits.js';

export interface DialParts {
  readonly clock: Clock;
  /** Begins to connect. The socket tells by `connect` or `error`. */
  readonly connect: (backend: Backend) => Socket;
  readonly limits: Pick<GatewayLimits, 'dialTimeoutMs' | 'dialNextAfterMs'>;
  /** One of them could not be connected to, by no fault of this machine. */
  readonly onFailure: (backend: Backend, because: string) => void;
}

export interface Dialled {
  readonly backend: Backend;
  readonly socket: Socket;
}

/**
 * Connects to the first backend that accepts: the next one is dialled as soon as one fails, and also when one is slow.
 * Undefined when none did. The losers are closed. Only the first `goodCount` of the order are dialled side by side:
 * behind them may be one that accepts at once because it is hung, and that one must not win.
 */
export function dialFirst(
  order: readonly Backend[],
  goodCount: number,
  { clock, connect, limits, onFailure }: DialParts,
): { readonly result: Promise<Dialled | undefined>; readonly cancel: () => void } {
  let next = 0;
  const dialling = new Map<Socket, () => void>();
  let cancelNext: (() => void) | undefined;
  let settle: (dialled: Dialled | undefined) => void = () => undefined;
  let isOver = false;
  const result = new Promise<Dialled | undefined>((resolve) => {
    settle = resolve;
  });

  const end = (winner: Dialled | undefined) => {
    if (isOver) return;
    isOver = true;
    cancelNext?.();
    for (const [socket, cancelTimer] of dialling) {
      cancelTimer();
      if (socket !== winner?.socket) socket.destroy();
    }
    settle(winner);
  };

  const dialNext = () => {
    cancelNext?.();
    const backend = order[next];
    if (backend === undefined && dialling.size === 0) end(undefined);
    if (backend === undefined || (next >= goodCount && dialling.size > 0)) return;
    next++;
    const socket = connect(backend);
    const failed = (because: string, code?: string) => {
      const cancelTimer = dialling.get(socket);
      if (cancelTimer === undefined || isOver) return;
      cancelTimer();
      dialling.delete(socket);
      socket.destroy();
      if (!isOwnFault(code)) onFailure(backend, because);
      dialNext();
    };
    const late = `It did not accept a connection within ${limits.dialTimeoutMs} ms.`;
    dialling.set(
      socket,
      clock.after(limits.dialTimeoutMs, () => failed(late)),
    );
    const onError = (error: NodeJS.ErrnoException) => failed(error.message, error.code);
    socket.on('error', onError);
    socket.once('connect', () => {
      if (isOver) return;
      // From here on whoever gets the socket listens for its errors.
      socket.off('error', onError);
      end({ backend, socket });
    });
    cancelNext = clock.after(limits.dialNextAfterMs, dialNext);
  };
  dialNext();
  return { result, cancel: () => end(undefined) };
}
