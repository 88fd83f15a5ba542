import type { Clock } from './clock.js';

/**
 * A signal that aborts after `ms` of the platform's time or with `parent`, whichever is first. Its timer never keeps the process up.
 * Not `AbortSignal.any` over `AbortSignal.timeout`: on Node 20 that pair can be collected before it fires, and then
 * the deadline never comes.
 */
export function deadlineSignal(ms: number, parent?: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const onAbort = () => {
    clearTimeout(timer);
    controller.abort(parent?.reason);
  };
  const timer = setTimeout(
    () => {
      parent?.removeEventListener('abort', onAbort);
      controller.abort(new DOMException('deadline', 'TimeoutError'));
    },
    Math.max(0, Math.ceil(ms)),
  );
  timer.unref();
  if (parent?.aborted === true) onAbort();
  else parent?.addEventListener('abort', onAbort, { once: true });
  return controller.signal;
}

/** True for the errors an aborted wait rejects with (a deadline or a cancellation). */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/**
 * Runs `work` with a deadline on `clock` and settles no later than it, even when `work` ignores its signal.
 * Answers `late` when the deadline (or `parent`) came first.
 */
export async function withDeadline<T>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly late: false; readonly value: T } | { readonly late: true }> {
  const controller = new AbortController();
  let cancel: (() => void) | undefined;
  let onAbort: (() => void) | undefined;
  const late = new Promise<{ late: true }>((resolve) => {
    const end = (reason: Error) => {
      controller.abort(reason);
      resolve({ late: true });
    };
    cancel = clock.after(ms, () => end(new DOMException('deadline', 'TimeoutError')));
    onAbort = () => end(new DOMException('cancelled', 'AbortError'));
    if (parent.aborted) onAbort();
    else parent.addEventListener('abort', onAbort, { once: true });
  });
  try {
    const value = work(controller.signal).then((v) => ({ late: false as const, value: v }));
    value.catch(() => undefined);
    return await Promise.race([value, late]);
  } catch (error) {
    if (isAbort(error) && controller.signal.aborted) return { late: true };
    throw error;
  } finally {
    cancel?.();
    if (onAbort !== undefined) parent.removeEventListener('abort', onAbort);
  }
}
