// What may be one batch: a batch is one commit, and has the limits of one.

import { rangeError, typeError } from '../arguments';
import { TidemarkError } from '../errors';

const mostBatchRecords = 1_048_576;
const mostBatchBytes = 256 * 1024 * 1024;

/**
 * The values, read before anything is staged: reading them may run code of the user's (a getter, a
 * Proxy), which may append.
 */
export function batchValues(values: unknown): unknown[] {
  if (!Array.isArray(values)) throw typeError('values', 'an array', values);
  const count: unknown = values.length; // of a Proxy it can be anything
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw typeError('values.length', 'the length of an array', count);
  }
  if (count > mostBatchRecords) throw batchTooLarge();
  if (count === 0) throw rangeError('"values" must hold at least one value');
  const copied = new Array<unknown>(count);
  for (let i = 0; i < count; i++) copied[i] = values[i];
  return copied;
}

/** Throws when the encoded values are more than a commit takes. */
export function checkBatchBytes(bytes: number): void {
  if (bytes > mostBatchBytes) throw batchTooLarge();
}

function batchTooLarge(): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_TOO_LARGE',
    `a batch is one commit, at most ${mostBatchRecords} records and ${mostBatchBytes} bytes: ` +
      'split it into several',
    { outcome: 'not-written' },
  );
}
