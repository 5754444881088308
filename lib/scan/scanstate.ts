// Files of scanstate (https://crates.io/crates/scanstate), read as data: its JSON checkpoint and its
// NDJSON journal. Its lines have no checksum, so what can be told apart is what parses and what does not.

import { checkBytes, isWellFormed, typeError } from '../arguments';
import { TidemarkError } from '../errors';

/** One line of a journal of scanstate, and of `tidemark export`. */
export interface ScanLine {
  target_id: string;
  /** 'completed', 'skipped', 'failed', or whatever a program of the user's wrote. */
  status: string;
  /** Seconds since 1970. */
  timestamp: number;
  findings_count: number;
  /** What was kept with it, why it was skipped, or what failed; only written by tidemark. */
  detail?: string;
}

/** A line that was left out of a lenient import, and why. */
export interface RejectedLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
  /** The line, or its first 200 characters. */
  readonly text: string;
}

const shownCharacters = 200;

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function lineOf(value: unknown): ScanLine {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('it is no object');
  }
  const { target_id, status, timestamp, findings_count, detail } = value as Partial<ScanLine>;
  if (typeof target_id !== 'string') throw new Error('"target_id" is no string');
  if (!isWellFormed(target_id)) throw new Error('"target_id" holds a lone surrogate');
  if (typeof status !== 'string') throw new Error('"status" is no string');
  if (!isCount(timestamp)) throw new Error('"timestamp" is no whole number');
  if (!isCount(findings_count)) throw new Error('"findings_count" is no whole number');
  if (detail !== undefined && typeof detail !== 'string') throw new Error('"detail" is no string');
  return {
    target_id,
    status,
    timestamp,
    findings_count,
    ...(detail !== undefined && { detail }),
  };
}

function configError(message: string, line: number | undefined, cause: unknown): TidemarkError {
  return new TidemarkError('ERR_TIDEMARK_CONFIG', message, {
    ...(line !== undefined && { line }),
    cause,
  });
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/**
 * The lines of a journal as `make` takes them, empty ones left out.
 *
 * @param onRejected Called for each line that is none, which is then left out. Without it the first one
 * is an error, and nothing behind it is read.
 * @throws `ERR_TIDEMARK_CONFIG` with `line`.
 */
export async function* readLines<E>(
  source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  make: (line: ScanLine) => E,
  onRejected?: (rejected: RejectedLine) => void,
): AsyncGenerator<{ target: string; entry: E }> {
  if (!isIterable(source)) {
    throw typeError('source', 'an iterable of strings and Uint8Arrays', source);
  }
  let number = 0;
  for await (const line of splitLines(source)) {
    number += 1;
    const text = number === 1 ? withoutMark(line) : line;
    if (text.trim() === '') continue;
    let taken: { target: string; entry: E };
    try {
      const line = lineOf(JSON.parse(text));
      taken = { target: line.target_id, entry: make(line) };
    } catch (error) {
      const reason = reasonOf(error);
      if (onRejected === undefined) {
        throw configError(`line ${number} is no entry of a scan: ${reason}`, number, error);
      }
      onRejected({ line: number, reason, text: text.slice(0, shownCharacters) });
      continue;
    }
    yield taken;
  }
}

/** Without the mark that some editors put in front of UTF-8. */
function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function isIterable(source: unknown): boolean {
  if (typeof source === 'string') return true;
  if (typeof source !== 'object' || source === null) return false;
  return Symbol.asyncIterator in source || Symbol.iterator in source;
}

async function* splitLines(
  source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    rest +=
      typeof chunk === 'string'
        ? chunk
        : decoder.decode(checkBytes('a chunk of source', chunk), { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

/** A checkpoint of scanstate. */
export interface ScanstateCheckpoint {
  scan_id: string;
  completed_targets: string[];
}

/**
 * A checkpoint from its text.
 *
 * @param onRejected Called for each target that is no text, which is then left out. Without it that is
 * an error. A text that is no JSON at all is always one.
 * @throws `ERR_TIDEMARK_CONFIG`
 */
export function readCheckpoint(
  text: string,
  onRejected?: (rejected: RejectedLine) => void,
): ScanstateCheckpoint {
  if (typeof text !== 'string') throw typeError('text', 'a string', text);
  let value: unknown;
  try {
    value = JSON.parse(withoutMark(text));
  } catch (error) {
    throw configError(`the checkpoint is no JSON: ${reasonOf(error)}`, undefined, error);
  }
  const { scan_id, completed_targets } = (value ?? {}) as Partial<ScanstateCheckpoint>;
  if (typeof scan_id !== 'string' || !Array.isArray(completed_targets)) {
    throw configError(
      'the JSON is no checkpoint of scanstate: it has no "scan_id" and "completed_targets"',
      undefined,
      undefined,
    );
  }
  const targets: string[] = [];
  completed_targets.forEach((target: unknown, index) => {
    if (typeof target === 'string' && isWellFormed(target)) {
      targets.push(target);
      return;
    }
    const reason = `completed_targets[${index}] is no text`;
    if (onRejected === undefined) throw configError(reason, undefined, undefined);
    const shown = JSON.stringify(target).slice(0, shownCharacters);
    onRejected({ line: index + 1, reason, text: shown });
  });
  return { scan_id, completed_targets: targets };
}
