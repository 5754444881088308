// Makes the error that a user sees of a failure that the core describes.

import type { NativeFailure } from './binding';
import { type ProcessIdentity, TidemarkError, type TidemarkErrorCode } from './errors';

/** Parses the line that a holder left in its lock file; undefined when it is not one of ours. */
export function parseHolder(line: string): ProcessIdentity | undefined {
  try {
    const { pid, startTime, bootId, host, since } = JSON.parse(line) as Record<string, unknown>;
    if (typeof pid !== 'number') return undefined;
    return {
      pid,
      startTime: String(startTime ?? ''),
      bootId: String(bootId ?? ''),
      host: String(host ?? ''),
      since: new Date(Number(since)),
    };
  } catch {
    return undefined;
  }
}

function causeOf(failure: NativeFailure): Error | undefined {
  if (failure.cause === undefined) return undefined;
  const { message, ...fields } = failure.cause;
  return Object.assign(new Error(message), fields);
}

/** The error for a failure; a RangeError where the core found an argument out of its range. */
export function errorOf(failure: NativeFailure): Error {
  const message = failure.message;
  if (failure.code === 'RANGE') {
    return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
  }
  const cause = causeOf(failure);
  const holder = failure.holder === undefined ? undefined : parseHolder(failure.holder);
  return new TidemarkError(`ERR_TIDEMARK_${failure.code}` as TidemarkErrorCode, message, {
    ...(failure.path !== undefined && { path: failure.path }),
    ...(failure.segment !== undefined && { segment: failure.segment }),
    ...(failure.offset !== undefined && { offset: failure.offset }),
    ...(failure.fromSeq !== undefined && { fromSeq: failure.fromSeq }),
    ...(failure.toSeq !== undefined && { toSeq: failure.toSeq }),
    ...(failure.fromSeq !== undefined &&
      failure.fromSeq === failure.toSeq && { seq: failure.fromSeq }),
    ...(failure.outcome !== undefined && { outcome: failure.outcome }),
    ...(failure.row !== undefined && { row: failure.row }),
    ...(holder !== undefined && { holder }),
    ...(cause !== undefined && { cause }),
  });
}
