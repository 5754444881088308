// Aborting by an AbortSignal, with the error that Node itself uses for it.

/** Named `AbortError`, with `code` 'ABORT_ERR' and the signal's reason as `cause`. */
export class AbortError extends Error {
  readonly code = 'ABORT_ERR';

  constructor(reason?: unknown) {
    super('The operation was aborted', reason === undefined ? undefined : { cause: reason });
  }
}
Object.defineProperty(AbortError.prototype, 'name', {
  value: 'AbortError',
  configurable: true,
  writable: true,
});

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError(signal.reason);
}

/**
 * Calls `abort` once when the signal is aborted; at once when it already is. The result takes the
 * listener away again.
 */
export function onAbort(
  signal: AbortSignal | undefined,
  abort: (error: Error) => void,
): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    abort(new AbortError(signal.reason));
    return () => {};
  }
  const listener = () => abort(new AbortError(signal.reason));
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
