// What turns values into the bytes of records and back.

/**
 * Turns values into bytes and back. Give your own as `codec` to `Journal.open`: its name and version
 * are recorded in the journal, and an open with another one is `ERR_TIDEMARK_MISMATCH`.
 */
export interface Codec<T> {
  /** Recorded at creation; 1 to 64 bytes of UTF-8. */
  readonly name: string;
  /** Recorded at creation; an integer from 0 to 4,294,967,295, default 1. */
  readonly version?: number;
  /** The bytes of one record. They are copied before the call that appends returns. */
  encode(value: T): Uint8Array;
  /** Gets bytes of its own, which it may keep. */
  decode(bytes: Uint8Array): T;
}

/**
 * How the journal talks to codecs: the encoded bytes stay in a buffer of the codec's, which the next
 * `encode` overwrites, and decoding works on a part of a larger buffer, so that neither needs an
 * object per record.
 */
export interface WireCodec<T> {
  readonly name: string;
  readonly version: number;
  /**
   * The result is the same object at each call.
   *
   * @param room Where the bytes may be put, which spares a copy; they may be anywhere all the same.
   */
  encode(value: T, room?: Room): Encoded;
  /** `bytes` belongs to the journal: what the value keeps must be copied. */
  decode(bytes: Buffer, start: number, end: number): T;
  /**
   * The same for records that stand one behind the other from the beginning of `bytes` on, where that is
   * quicker than one by one; undefined where that is not certain to give the same. May throw for any of
   * them without saying for which.
   */
  decodeAll?(bytes: Buffer, lengths: Uint32Array): T[] | undefined;
}

/** Memory in which encoded values are gathered, each at the `nextPlace` behind what is in use. */
export interface Room {
  readonly bytes: Buffer;
  /** What is in use, from the beginning. */
  readonly used: number;
}

const step = 8; // msgpackr's, and that of native/addon/journal_handle.cpp
export const mostGap = step - 1;

export function nextPlace(used: number): number {
  return (used + mostGap) & ~mostGap;
}

export interface Encoded {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** All of `bytes`, which may be the caller's. */
  readonly whole?: boolean;
}

/** A codec of records that refer to dictionaries in the log. */
export interface DictionaryCodec<T> extends WireCodec<T> {
  /** The dictionary that the last `encode` used; the record begins with its first 8 bytes. */
  readonly dictionary: Uint8Array;
  /** Whether `learn` was called for this name (8 bytes as a hexadecimal string). */
  knows(name: string): boolean;
  learn(name: string, dictionary: Uint8Array): void;
  decodeWith(name: string, bytes: Buffer, start: number, end: number): T;
}

export function usesDictionaries<T>(codec: WireCodec<T>): codec is DictionaryCodec<T> {
  return 'learn' in codec;
}
