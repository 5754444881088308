// What a caller is told when a value could not be encoded.

import { isThenable } from '../arguments';
import { TidemarkError } from '../errors';

/** A codec would make `{}` of a promise whose `await` was forgotten. */
export function refusePromise(value: unknown): void {
  if (!isThenable(value)) return;
  throw new TidemarkError(
    'ERR_TIDEMARK_ENCODE',
    'the value is a promise (it has a method "then"), not what it will give: await it first',
    { outcome: 'not-written' },
  );
}

/** The codec's own refusals and wrong arguments stay what they are; the rest is `ERR_TIDEMARK_ENCODE`. */
export function encodeError(cause: unknown): Error {
  if (cause instanceof TidemarkError) return cause;
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  if (cause instanceof TypeError && String(code).startsWith('ERR_INVALID_ARG_')) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TidemarkError('ERR_TIDEMARK_ENCODE', `the value could not be encoded: ${reason}`, {
    cause,
    outcome: 'not-written',
  });
}
