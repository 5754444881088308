// A state's value as the body of a checkpoint: a heading and parts, each with its length in front.
//
//   u32 length, little endian | bytes      repeated
//
// The first is the heading, JSON in UTF-8: { state: 1, kind, codec, codecVersion }. `kind` 'value' has
// one part, the encoded value. A 'map' has any number, each an encoded array of keys and values in
// turn, a 'set' arrays of members: so that a large one is encoded in slices.

import { checkBytes } from '../arguments';
import type { Codec } from '../codec/codec';
import { decodedBy, encodedBy } from '../codec/custom';
import { type CodecChoice, checkCodec } from '../codec/resolve';
import { decodeRich, encodeRich } from '../codec/rich-msgpack';
import { TidemarkError } from '../errors';

const formatVersion = 1;
const lengthBytes = 4;
/** A slice is as long as this takes; the event loop runs in between. */
const sliceMs = 2;
const firstSliceEntries = 256;
const mostSliceEntries = 1 << 20;

type Kind = 'value' | 'map' | 'set';

interface Heading {
  state: number;
  kind: Kind;
  codec: string;
  codecVersion: number;
}

/** How values become bytes. */
export interface ValueCodec {
  readonly name: string;
  readonly version: number;
  /** Whether arrays of parts of a value can be encoded, and not only values. */
  readonly slices: boolean;
  encode(value: unknown): Uint8Array;
  decode(bytes: Buffer): unknown;
}

const msgpack: ValueCodec = {
  name: 'msgpack',
  version: 1,
  slices: true,
  encode: encodeRich,
  decode: decodeRich,
};

const json: ValueCodec = {
  name: 'json',
  version: 1,
  slices: true,
  encode(value) {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`JSON has no text for ${typeof value}`);
    return Buffer.from(text);
  },
  decode: (bytes) => JSON.parse(bytes.toString('utf8')),
};

const binary: ValueCodec = {
  name: 'binary',
  version: 1,
  slices: false,
  encode: (value) => checkBytes('value', value),
  decode: (bytes) => Buffer.from(bytes),
};

const builtIn: Readonly<Record<string, ValueCodec>> = { msgpack, json, binary };

function customCodec(codec: Codec<unknown>, { name, version }: CodecChoice): ValueCodec {
  return {
    name,
    version,
    slices: false,
    encode: (value) => encodedBy(codec, value),
    decode: (bytes) => decodedBy(codec, new Uint8Array(bytes)),
  };
}

/** For the option `codec` of a state. */
export function valueCodecOf(option: unknown): ValueCodec {
  const choice = checkCodec(option);
  if (choice === undefined) return msgpack;
  if (choice.custom !== undefined) return customCodec(choice.custom, choice);
  return builtIn[choice.name] ?? msgpack;
}

function encodeError(cause: unknown): Error {
  if (cause instanceof TidemarkError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TidemarkError(
    'ERR_TIDEMARK_ENCODE',
    `the value of the state could not be encoded: ${reason}`,
    { cause },
  );
}

function framed(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(lengthBytes + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame.set(bytes, lengthBytes);
  return frame;
}

function headingOf(kind: Kind, codec: ValueCodec): Buffer {
  const { name, version } = codec;
  const heading: Heading = { state: formatVersion, kind, codec: name, codecVersion: version };
  return framed(Buffer.from(JSON.stringify(heading)));
}

/** A value as it is at one moment, on its way into a checkpoint. */
export interface Captured {
  /** Whether events may be applied before `parts` has ended. */
  readonly independent: boolean;
  /** The body. Each part is encoded when it is asked for, synchronously. */
  parts(): Generator<Buffer>;
}

const isPrimitive = (value: unknown): boolean =>
  (typeof value !== 'object' && typeof value !== 'function') || value === null;

/**
 * Takes the value as it is now. A Map or Set of primitive values is copied, which takes a hundredth of
 * encoding it, and what is applied meanwhile does not change the copy. Where entries are objects, which
 * `apply` may change in place, the copy shares them: events have to wait.
 */
export function capture(value: unknown, codec: ValueCodec): Captured {
  if (codec.slices && value instanceof Map && isPlain(value, Map)) {
    const keys = new Array<unknown>(value.size);
    const values = new Array<unknown>(value.size);
    let at = 0;
    let independent = true;
    value.forEach((of, key) => {
      keys[at] = key;
      values[at] = of;
      at += 1;
      independent &&= isPrimitive(key) && isPrimitive(of);
    });
    const slice = (from: number, to: number) => {
      const flat = new Array<unknown>((to - from) * 2);
      for (let i = from, at = 0; i < to; i++) {
        flat[at++] = keys[i];
        flat[at++] = values[i];
      }
      return flat;
    };
    return { independent, parts: () => sliced('map', codec, keys.length, slice) };
  }
  if (codec.slices && value instanceof Set && isPlain(value, Set)) {
    const members = [...value];
    const slice = (from: number, to: number) => members.slice(from, to);
    const independent = members.every(isPrimitive);
    return { independent, parts: () => sliced('set', codec, members.length, slice) };
  }
  return { independent: false, parts: () => whole(value, codec) };
}

/** Of a class of the user's only the class itself knows what it is. */
function isPlain(value: object, of: MapConstructor | SetConstructor): boolean {
  return Object.getPrototypeOf(value) === of.prototype;
}

function* whole(value: unknown, codec: ValueCodec): Generator<Buffer> {
  try {
    const bytes = framed(codec.encode(value));
    yield headingOf('value', codec);
    yield bytes;
  } catch (cause) {
    throw encodeError(cause);
  }
}

function* sliced(
  kind: Kind,
  codec: ValueCodec,
  length: number,
  slice: (from: number, to: number) => unknown[],
): Generator<Buffer> {
  yield headingOf(kind, codec);
  let entries = firstSliceEntries;
  for (let from = 0; from < length; ) {
    const to = Math.min(length, from + entries);
    const begin = performance.now();
    let bytes: Buffer;
    try {
      bytes = framed(codec.encode(slice(from, to)));
    } catch (cause) {
      throw encodeError(cause);
    }
    const ms = performance.now() - begin;
    yield bytes;
    // The next one takes about `sliceMs`, and grows slowly from what is too short to be measured.
    const fitting = ms > 0 ? Math.floor((entries * sliceMs) / ms) : entries * 2;
    entries = Math.max(1, Math.min(entries * 2, fitting, mostSliceEntries));
    from = to;
  }
}

function decodeError(message: string, cause?: unknown): TidemarkError {
  return new TidemarkError('ERR_TIDEMARK_ENCODE', message, cause === undefined ? {} : { cause });
}

function partsOf(body: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const start = at + lengthBytes;
    const end = start <= body.length ? start + body.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (end > body.length) throw decodeError('the checkpoint holds no state: a part is cut off');
    parts.push(body.subarray(start, end));
    at = end;
  }
  return parts;
}

function headingIn(part: Buffer | undefined): Heading {
  try {
    const heading = JSON.parse((part ?? Buffer.alloc(0)).toString('utf8')) as Heading;
    if (Number.isInteger(heading.state)) return heading;
  } catch {
    // Said below.
  }
  throw decodeError('the checkpoint holds no state, but a value that another program saved');
}

function checkHeading({ state, kind, codec, codecVersion }: Heading, expected: ValueCodec): void {
  if (state > formatVersion || !['value', 'map', 'set'].includes(kind)) {
    throw new TidemarkError(
      'ERR_TIDEMARK_VERSION',
      `the state was saved in form ${state} (${kind}) by a newer tidemark, this one knows ${formatVersion}`,
    );
  }
  if (codec !== expected.name || codecVersion !== expected.version) {
    throw new TidemarkError(
      'ERR_TIDEMARK_MISMATCH',
      `the state was saved with the codec '${codec}' version ${codecVersion}, not ` +
        `'${expected.name}' version ${expected.version}: pass that one as the option "codec"`,
    );
  }
}

/**
 * The value in the body of a checkpoint. `codec` undefined: any built-in one.
 *
 * @throws `ERR_TIDEMARK_MISMATCH`, `_VERSION`, `_ENCODE`
 */
export function decodeValue(body: Buffer, codec: ValueCodec | undefined): unknown {
  const [first, ...parts] = partsOf(body);
  const heading = headingIn(first);
  const used = codec ?? builtIn[heading.codec];
  if (used === undefined) {
    throw new TidemarkError(
      'ERR_TIDEMARK_MISMATCH',
      `the state was saved with the codec '${heading.codec}', which is not built in`,
    );
  }
  checkHeading(heading, used);
  const decode = (part: Buffer): unknown => {
    try {
      return used.decode(part);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw decodeError(
        `the checkpoint is undamaged, but the codec '${used.name}' cannot decode it: ${reason}`,
        cause,
      );
    }
  };
  if (heading.kind === 'value') {
    const [only] = parts;
    if (only === undefined) throw decodeError('the checkpoint holds no value of a state');
    return decode(only);
  }
  if (heading.kind === 'set') {
    const set = new Set<unknown>();
    for (const part of parts) for (const member of decode(part) as unknown[]) set.add(member);
    return set;
  }
  const map = new Map<unknown, unknown>();
  for (const part of parts) {
    const flat = decode(part) as unknown[];
    for (let i = 0; i < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
  }
  return map;
}
