// The public names of the codec room; it has no sub-path of its own.

import { checkBoolean, checkOptions } from '../arguments';
import type { Codec } from './codec';
import { MsgpackCodec, type MsgpackOptions } from './msgpack';

export type { Codec } from './codec';
export type { ContentHash } from './content-hash';
export type { MsgpackOptions } from './msgpack';
export type { StandardIssue, StandardResult, StandardSchemaV1 } from './schema';

/**
 * The default codec with options, for the option `codec` of `Journal.open`.
 *
 * Round trip: numbers (NaN, infinities; -0 becomes 0), bigint of any size, strings, booleans, null,
 * undefined (also inside objects and arrays), Date (invalid ones too), Set, RegExp, Error (name,
 * message and cause), Buffer, typed arrays and ArrayBuffer come back as they were. A Map comes back
 * as a plain object with string keys (with `structures` as a Map); an object of a class comes back
 * as a plain object, of what its toJSON gives where it has one; a hole of an array as undefined; a
 * property `__proto__` as `__proto_`. A lone surrogate becomes one or more U+FFFD. Functions, symbols
 * and circular values are `ERR_TIDEMARK_ENCODE`.
 */
export function msgpack<T = unknown>(options?: MsgpackOptions): Codec<T> {
  const { structures } = checkOptions<MsgpackOptions>('msgpack', options, ['structures']);
  if (structures !== undefined) checkBoolean('structures', structures);
  return new MsgpackCodec<T>({ structures: structures ?? false });
}
