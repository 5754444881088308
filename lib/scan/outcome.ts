// What is kept of a worker's result and of its error.

import { checkInteger, typeError } from '../arguments';

/** What is kept with a completion, checked. */
export interface Kept {
  readonly findings: number;
  readonly detail: string | undefined;
}

export function checkKept(findings: unknown = 0, detail: unknown = undefined): Kept {
  if (detail !== undefined && typeof detail !== 'string') {
    throw typeError('detail', 'a string', detail);
  }
  return { findings: checkInteger('findings', findings, 0), detail };
}

export function errorText(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  try {
    return String(error);
  } catch {
    return 'an error that has no text';
  }
}

/**
 * What of a worker's result is kept: its `findings` and its `detail`, where it has them.
 *
 * @throws Where one is there and `markComplete` would refuse it: the worker is wrong about its target.
 */
export function keptOf(result: unknown): Kept {
  if (typeof result !== 'object' || result === null) return checkKept();
  const { findings, detail } = result as { findings?: unknown; detail?: unknown };
  return checkKept(findings, detail);
}

/** Text as it can be stored: a lone surrogate has no UTF-8. */
export function storable(text: string): string {
  return Buffer.from(text).toString();
}
