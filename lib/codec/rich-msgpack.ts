// Values of checkpoints as MessagePack. Records give every Map back as an object; a value that is built
// upon needs what it was, so a Map inside of it is written as an extension.

import type { Encoded } from './codec';
import { commonOptions, packInPlace } from './msgpack';
import { addExtension, Packr } from './msgpackr';

const mapType = 0x4d; // 'M'

/** Stands for a Map while it is encoded: keys and values in turn. */
class Entries {
  constructor(readonly flat: unknown[]) {}
}

// Known to our instance of msgpackr only, and to a class that nobody else can make.
addExtension({
  Class: Entries,
  type: mapType,
  write: ({ flat }: Entries): unknown[] => flat,
  read: (flat: unknown[]): Map<unknown, unknown> => {
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
    return map;
  },
});

const packr = new Packr({ ...commonOptions, useRecords: false });
const encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0 };

/** The value with Maps replaced; itself where there are none. */
function withoutMaps(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) {
    const flat: unknown[] = [];
    for (const [key, of] of value) flat.push(withoutMaps(key), withoutMaps(of));
    return new Entries(flat);
  }
  if (Array.isArray(value)) return arrayWithoutMaps(value);
  if (value instanceof Set) {
    const members = [...value];
    const replaced = arrayWithoutMaps(members);
    return replaced === members ? value : new Set(replaced);
  }
  if (Object.prototype.toString.call(value) !== '[object Object]') return value;
  return objectWithoutMaps(value as Record<string, unknown>);
}

function arrayWithoutMaps(array: unknown[]): unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < array.length; i++) {
    const member = array[i];
    const replaced = withoutMaps(member);
    if (replaced === member) continue;
    copy ??= [...array];
    copy[i] = replaced;
  }
  return copy ?? array;
}

function objectWithoutMaps(object: Record<string, unknown>): Record<string, unknown> {
  if (typeof object['toJSON'] === 'function') return object;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(object)) {
    const of = object[key];
    const replaced = withoutMaps(of);
    if (replaced === of) continue;
    copy ??= { ...object };
    copy[key] = replaced;
  }
  return copy ?? object;
}

/** Round trip as of `msgpack()`, and a Map comes back as a Map wherever it stands. */
export function encodeRich(value: unknown): Buffer {
  const { bytes, start, end } = packInPlace(packr, withoutMaps(value), encoded);
  return Buffer.from(bytes.subarray(start, end));
}

export function decodeRich(bytes: Buffer): unknown {
  return packr.unpack(bytes);
}
