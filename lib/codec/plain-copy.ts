// A copy of a value that is what its codec would give back, made without encoding and decoding it: for
// values of which that is certain. Read once, so that what is encoded afterwards is the same.

import { isWellFormed } from '../arguments';
import { isPlainKey, PlainShapes } from './plain-shapes';

/** The value is none of those: encode it, and decode that. */
export const noPlainCopy: unique symbol = Symbol('no plain copy');

/** Deeper ones are left to the codec, which knows what to say of a value that contains itself. */
const mostDepth = 32;

export type PlainCodec = 'msgpack' | 'json';

/** Values of null, booleans, numbers, texts, and plain objects and arrays of those. */
export function plainCopy(value: unknown, codec: PlainCodec): unknown {
  return copyOf(value, codec === 'json', 0);
}

function copyOf(value: unknown, json: boolean, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      // MessagePack is UTF-8, JSON escapes.
      return json || isWellFormed(value) ? value : noPlainCopy;
    case 'number':
      // A zero loses its sign, and JSON has no text for what is no finite number.
      if (value === 0) return Object.is(value, 0) ? value : noPlainCopy;
      return json && !Number.isFinite(value) ? noPlainCopy : value;
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      if (depth === mostDepth) return noPlainCopy;
      return Array.isArray(value)
        ? copyOfArray(value, json, depth + 1)
        : copyOfObject(value as Record<string, unknown>, json, depth + 1);
    default:
      return noPlainCopy;
  }
}

function copyOfArray(array: readonly unknown[], json: boolean, depth: number): unknown {
  if (Object.getPrototypeOf(array) !== Array.prototype) return noPlainCopy;
  const { length } = array;
  const copy = new Array<unknown>(length);
  for (let i = 0; i < length; i++) {
    const member = copyOf(array[i], json, depth);
    if (member === noPlainCopy) return noPlainCopy;
    copy[i] = member;
  }
  return copy;
}

const shapes = new PlainShapes(copyOf, noPlainCopy);

function copyOfObject(object: Record<string, unknown>, json: boolean, depth: number): unknown {
  if (Object.getPrototypeOf(object) !== Object.prototype) return noPlainCopy;
  const copier = shapes.copierFor(object);
  if (copier !== undefined) return copier(object, json, depth);
  const copy: Record<string, unknown> = {};
  for (const key in object) {
    if (!isPlainKey(key)) return noPlainCopy;
    const member = copyOf(object[key], json, depth);
    if (member === noPlainCopy) return noPlainCopy;
    copy[key] = member;
  }
  return copy;
}
