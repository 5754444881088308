// What is kept of a worker's result and of its error.

import type { Completion } from './options';

export function errorText(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  try {
    return String(error);
  } catch {
    return 'an error that has no text';
  }
}

/** What of a worker's result is kept: its `findings` and its `detail`, where they are of their kind. */
export function completionIn(result: unknown): Completion {
  if (typeof result !== 'object' || result === null) return {};
  const { findings, detail } = result as { findings?: unknown; detail?: unknown };
  return {
    ...(Number.isSafeInteger(findings) &&
      (findings as number) >= 0 && { findings: findings as number }),
    ...(typeof detail === 'string' && { detail }),
  };
}

/** Text as it can be stored: a lone surrogate has no UTF-8. */
export function storable(text: string): string {
  return Buffer.from(text).toString();
}
