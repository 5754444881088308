// Checks of what users pass in, with the errors that Node uses for the same mistakes: TypeError with
// ERR_INVALID_ARG_TYPE or ERR_INVALID_ARG_VALUE, RangeError with ERR_OUT_OF_RANGE.

import { resolve } from 'node:path';
import { inspect, types } from 'node:util';

// Once: a property of a module of Node's is slow to look up.
const { isPromise, isProxy, isUint8Array } = types;

const shownCharacters = 60;

/** A few words for a value; of an object only what it is, since looking into it runs its code. */
function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) {
    const text = inspect(value);
    return text.length > shownCharacters ? `${text.slice(0, shownCharacters - 3)}...` : text;
  }
  if (isProxy(value)) return 'a Proxy';
  return `an object (${Object.prototype.toString.call(value)})`;
}

/** A wrong type. */
export function typeError(name: string, expected: string, actual: unknown): TypeError {
  const message = `"${name}" must be ${expected}, not ${describe(actual)}`;
  return Object.assign(new TypeError(message), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
}

/** A right type, but a value that is never valid. */
export function valueError(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

export function rangeError(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

interface WellFormedText {
  isWellFormed(): boolean; // in every supported Node, and not in the types of ES2022
}

export function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormedText).isWellFormed();
}

/** UTF-8 has no bytes for a lone surrogate: two different texts would become the same. */
export function checkWellFormed(name: string, value: string): void {
  if (!isWellFormed(value)) throw valueError(`"${name}" must not contain a lone surrogate`);
}

/**
 * A path as the system takes it: not empty and without NUL. Made absolute at once: the work is done
 * on another thread, and the working directory may be another one by then.
 */
export function checkPath(name: string, value: unknown): string {
  if (typeof value !== 'string') throw typeError(name, 'a string', value);
  if (value === '') throw valueError(`"${name}" must not be empty`);
  if (value.includes('\0')) throw valueError(`"${name}" must not contain a NUL character`);
  checkWellFormed(name, value);
  return resolve(value);
}

export function checkNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw typeError(name, 'a number', value);
  if (!(value >= least && value <= most)) {
    throw rangeError(`"${name}" must be from ${least} to ${most}, not ${value}`);
  }
  return value;
}

export function checkInteger(
  name: string,
  value: unknown,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number') throw typeError(name, 'an integer', value);
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw rangeError(`"${name}" must be an integer from ${least} to ${most}, not ${value}`);
  }
  return value;
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw typeError(name, 'a boolean', value);
  return value;
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw typeError(name, 'a function', value);
}

export function isThenable(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof (value as PromiseLike<unknown>).then === 'function';
}

/** What a function of the user's gave. Where that is a promise, its rejection is nobody's but ours. */
export function checkSynchronous<R>(name: string, result: R): R {
  if (!isThenable(result)) return result;
  // Others' thenables are left alone: of some, `then` begins the work.
  if (isPromise(result)) result.then(undefined, () => {});
  throw Object.assign(new TypeError(`${name} returned a promise: it has to be synchronous`), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
}

export function checkText(name: string, value: unknown, mostBytes: number): string {
  if (typeof value !== 'string') throw typeError(name, 'a string', value);
  if (value.includes('\0')) throw valueError(`"${name}" must not contain a NUL character`);
  checkWellFormed(name, value);
  const bytes = Buffer.byteLength(value);
  if (bytes > mostBytes) {
    throw rangeError(`"${name}" must be at most ${mostBytes} bytes of UTF-8, not ${bytes}`);
  }
  return value;
}

export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  const signal = value as AbortSignal | null;
  if (
    typeof signal !== 'object' ||
    signal === null ||
    typeof signal.aborted !== 'boolean' ||
    typeof signal.addEventListener !== 'function'
  ) {
    throw typeError('signal', 'an AbortSignal', value);
  }
  return signal;
}

function getterOf(prototype: object, name: string): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: unknown) => unknown;
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const lengthOf = getterOf(typedArray, 'byteLength');
const bufferOf = getterOf(typedArray, 'buffer');
const offsetOf = getterOf(typedArray, 'byteOffset');
const values = Reflect.get(typedArray, 'values') as (this: unknown) => unknown;

/** What a Uint8Array really has: a property of that name can be overridden. */
export function byteLengthOf(bytes: Uint8Array): number {
  return lengthOf.call(bytes) as number;
}

/** A part of a Uint8Array, made without any code of the user's (a subclass brings its own). */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const buffer = bufferOf.call(bytes) as ArrayBuffer;
  return new Uint8Array(buffer, (offsetOf.call(bytes) as number) + start, end - start);
}

/**
 * A view of bytes that are there. One whose buffer is detached, or was made too small for it, looks
 * empty and is refused.
 */
export function checkBytes(name: string, value: unknown): Uint8Array {
  checkedLength(name, value);
  return value as Uint8Array;
}

/** The same; its length in bytes. */
export function checkedLength(name: string, value: unknown): number {
  if (!isUint8Array(value)) throw typeError(name, 'a Uint8Array', value);
  const length = byteLengthOf(value);
  if (length === 0) {
    try {
      values.call(value); // validates the view
    } catch {
      throw valueError(
        `"${name}" is a view of an ArrayBuffer that is detached or too small for it`,
      );
    }
  }
  return length;
}

/** Levenshtein distance, for the nearest right name of a misspelled one. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

export function nearest(name: string, names: readonly string[]): string {
  const scored = names.map((candidate) => ({
    candidate,
    score: distance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  scored.sort((a, b) => a.score - b.score);
  return scored[0]?.candidate ?? '';
}

/**
 * An options object: undefined or an object (no array) with known names only, whether its own or
 * inherited from another object (not from Object itself). The values are read here, once, so that a getter cannot give one value to the check and another to the use.
 */
export function checkOptions<T extends object>(
  name: string,
  value: unknown,
  known: readonly (keyof T & string)[],
): Partial<T> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw typeError(`options of ${name}`, 'an object', value);
  }
  const read: Record<string, unknown> = {};
  for (const key in value) {
    if (!(known as readonly string[]).includes(key)) {
      throw valueError(
        `"${key}" is not an option of ${name}; the nearest is "${nearest(key, known)}"`,
      );
    }
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined) read[key] = field;
  }
  return read as Partial<T>;
}

/** One of a few words. */
export function checkWord<W extends string>(name: string, value: unknown, words: readonly W[]): W {
  if (typeof value !== 'string') throw typeError(name, 'a string', value);
  if (!(words as readonly string[]).includes(value)) {
    throw valueError(
      `"${name}" must be one of ${words.map((word) => `'${word}'`).join(', ')}, not '${value}'; ` +
        `the nearest is '${nearest(value, words)}'`,
    );
  }
  return value as W;
}
