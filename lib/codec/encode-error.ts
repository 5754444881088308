// What a caller is told when a value could not be encoded.

import { TidemarkError } from '../errors';

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
