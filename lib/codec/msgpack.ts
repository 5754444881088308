// Records as MessagePack, self-contained: every record can be decoded alone.

import { TidemarkError } from '../errors';
import type { Codec, Encoded, Room, WireCodec } from './codec';
import { ClaimSearch, checkClaims } from './msgpack-bounds';
import { Packr } from './msgpackr';

// msgpackr's encode option: leave the result in the buffer that it was told to use (a larger one where
// that is too small), with `start` and `end` set on it. It begins at the next multiple of 8.
const inPlace = 512;
const scratch: Room = { bytes: Buffer.allocUnsafeSlow(8192), used: 0 };

interface InPlace extends Buffer {
  start: number;
  end: number;
}

interface Placed {
  position: number; // where the next one is written: not in msgpackr's types
}

function refuseFunction(): never {
  throw new TypeError('a function cannot be encoded as MessagePack');
}

/** What holds for both forms: every type of value that MessagePack can carry comes back as it was. */
export const commonOptions = {
  moreTypes: true, // Set, Error, RegExp and typed arrays come back as what they were
  useBigIntExtension: true, // bigint of any size
  copyBuffers: true, // decoded bytes belong to the caller, not to the batch they were read in
  variableMapSize: true, // objects of any number of keys, small ones in one byte less or two
  writeFunction: refuseFunction,
};

/** How the definition of a structure begins: an extension of one or two bytes, of the type 'r'. */
const definitions = [Buffer.of(0xd4, 0x72), Buffer.of(0xd5, 0x72)];

let packing = false;

/**
 * Encodes into `room`, or elsewhere, and says where. msgpackr's place is the same for all encoders, so
 * what a value's own code wants to encode meanwhile is refused; the value around it is not harmed.
 */
export function packInPlace(
  packr: Packr,
  value: unknown,
  encoded: Encoded,
  room: Room = scratch,
): Encoded {
  if (packing) {
    throw new TidemarkError(
      'ERR_TIDEMARK_ENCODE',
      'something is encoded as MessagePack by the getter or toJSON of a value that is being ' +
        'encoded: encode it before',
      { outcome: 'not-written' },
    );
  }
  packing = true;
  let buffer: InPlace;
  try {
    packr.useBuffer(room.bytes);
    (packr as Placed).position = room.used;
    buffer = packr.pack(value, inPlace) as InPlace;
  } finally {
    packing = false;
  }
  encoded.bytes = buffer;
  encoded.start = buffer.start;
  encoded.end = buffer.end;
  return encoded;
}

/**
 * What the decoder of maps made, with objects where every key can be a property's name. MessagePack
 * has one kind of map for objects and for `Map`s, so that only keys like these tell them apart.
 */
function withObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withObjects);
  if (value instanceof Set) return new Set([...value].map(withObjects));
  if (!(value instanceof Map)) return value;
  const entries = [...value].map(([key, of]) => [withObjects(key), withObjects(of)] as const);
  const isObject = entries.every(([key]) => typeof key !== 'object' || key === null);
  if (!isObject) return new Map(entries);
  // As msgpackr names it: an assignment would set the prototype.
  const named = entries.map(([key, of]) => [key === '__proto__' ? '__proto_' : String(key), of]);
  return Object.fromEntries(named);
}

export class MsgpackWireCodec implements WireCodec<unknown> {
  readonly name = 'msgpack';
  readonly version = 1;
  readonly #packr = new Packr({ ...commonOptions, useRecords: false });
  readonly #encoded: Encoded = { bytes: new Uint8Array(0), start: 0, end: 0 };
  readonly #part = { start: 0, end: 0 };
  #maps: InstanceType<typeof Packr> | undefined;

  encode(value: unknown, room?: Room): Encoded {
    return packInPlace(this.#packr, value, this.#encoded, room);
  }

  decode(bytes: Buffer, start: number, end: number): unknown {
    checkClaims(bytes, start, end);
    return this.#unpack(bytes, start, end);
  }

  /**
   * Undefined for a value that does not end where its record does, and for one that defines a structure,
   * which msgpackr would know in the records behind it.
   */
  decodeAll(bytes: Buffer, lengths: Uint32Array): unknown[] | undefined {
    if (lengths.length === 0) return [];
    if (definitions.some((definition) => bytes.includes(definition))) return undefined;
    const claims = new ClaimSearch(bytes);
    let start = 0;
    for (let i = 0; i < lengths.length; i++) {
      const end = start + (lengths[i] as number);
      if (claims.isWithin(start, end)) checkClaims(bytes, start, end);
      start = end;
    }
    const values = new Array<unknown>(lengths.length);
    let done = 0;
    let expectedEnd = 0;
    this.#packr.unpackMultiple(bytes, (value, _, end) => {
      expectedEnd += lengths[done] as number;
      if (end !== expectedEnd) return false;
      values[done++] = value;
      return done < lengths.length;
    });
    return done === lengths.length ? values : undefined;
  }

  #unpack(bytes: Buffer, start: number, end: number): unknown {
    this.#part.start = start;
    this.#part.end = end;
    try {
      return this.#packr.unpack(bytes, this.#part);
    } catch (error) {
      // A key that no object can have, or something that is no MessagePack at all.
      try {
        return this.#decodeMaps(bytes);
      } catch {
        throw error;
      }
    }
  }

  #decodeMaps(bytes: Buffer): unknown {
    this.#maps ??= new Packr({ ...commonOptions, useRecords: false, mapsAsObjects: false });
    return withObjects(this.#maps.unpack(bytes, this.#part));
  }
}

/** Options of {@link msgpack}. */
export interface MsgpackOptions {
  /**
   * Store the field names of objects of the same shape once per segment, in a dictionary, instead of
   * in every record. Records of objects with several fields become smaller and decode faster. A record
   * then needs its dictionary, which stands twice in its segment, to be read. Default false: every
   * record is decoded alone. Not together with `contentHash`, because a digest of such a record does
   * not cover its field names (`ERR_TIDEMARK_CONFIG`).
   */
  structures?: boolean;
}

/** The codec that {@link msgpack} makes. */
export class MsgpackCodec<T> implements Codec<T> {
  readonly name = 'msgpack';
  readonly version = 1;
  readonly structures: boolean;
  readonly #wire = new MsgpackWireCodec();

  constructor(options: MsgpackOptions) {
    this.structures = options.structures ?? false;
  }

  encode(value: T): Uint8Array {
    const { bytes, start, end } = this.#wire.encode(value);
    return Uint8Array.prototype.slice.call(bytes, start, end);
  }

  decode(bytes: Uint8Array): T {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#wire.decode(view, 0, view.length) as T;
  }
}
