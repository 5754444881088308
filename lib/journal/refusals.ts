// The errors of records that were never handed over.

import { TidemarkError } from '../errors';

export function closedError(directory: string): TidemarkError {
  return new TidemarkError('ERR_TIDEMARK_CLOSED', 'the journal is closed: open it again', {
    path: directory,
    outcome: 'not-written',
  });
}

/** The sticky failure of the writer, said about a record that came behind it. */
export function refusedBehind(failure: Error): Error {
  if (!(failure instanceof TidemarkError)) return failure;
  const { path, cause } = failure;
  return new TidemarkError(failure.code, failure.message, {
    outcome: 'not-written',
    ...(path !== undefined && { path }),
    cause,
  });
}

/** Of what is appended by code that runs while something else is appended. */
export function nestedError(): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_ENCODE',
    'something was appended while a value is being encoded, by a getter, toJSON, codec or ' +
      'schema: append it before or after',
    { outcome: 'not-written' },
  );
}

export function largerThanPending(bytes: number, most: number): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_TOO_LARGE',
    `${bytes} bytes can never be pending, maxPendingBytes is ${most}: ` +
      'append them in parts, or open with a larger maxPendingBytes',
    { outcome: 'not-written' },
  );
}

export function busyError(pending: number, most: number): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_BUSY',
    `${pending} bytes are accepted and not yet written, maxPendingBytes is ${most}: ` +
      'wait for `ready` before appending more',
    { outcome: 'not-written' },
  );
}
