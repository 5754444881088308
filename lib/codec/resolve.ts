// From the user's `codec` and `contentHash` options, and from what a journal recorded, to the codec
// and the hash in use.

import * as crypto from 'node:crypto';
import {
  byteLengthOf,
  checkBytes,
  checkFunction,
  checkInteger,
  checkSynchronous,
  checkText,
  checkWord,
  typeError,
} from '../arguments';
import { TidemarkError } from '../errors';
import { BinaryWireCodec } from './binary';
import type { Codec, WireCodec } from './codec';
import type { ContentHash } from './content-hash';
import { CustomWireCodec } from './custom';
import { JsonWireCodec } from './json';
import { MsgpackCodec, MsgpackWireCodec } from './msgpack';
import { StructuresWireCodec } from './structures';

const builtInCodecs = ['msgpack', 'json', 'binary'] as const;
const builtInHashes = ['none', 'sha256'] as const;
export const builtInCodecVersion = 1;
const nameMostBytes = 64;
const hashMostBytes = 64;
const sha256Bytes = 32;

/** The option, checked: what is to be recorded, and the user's object where it is one. */
export interface CodecChoice {
  name: string;
  version: number;
  structures: boolean;
  custom?: Codec<unknown>;
}

export interface HashChoice {
  /** '' for none. */
  name: string;
  bytes: number;
  custom?: ContentHash;
}

export function checkCodec(value: unknown): CodecChoice | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') {
    const name = checkWord('codec', value, builtInCodecs);
    return { name, version: builtInCodecVersion, structures: false };
  }
  if (value instanceof MsgpackCodec) {
    return { name: value.name, version: value.version, structures: value.structures };
  }
  if (typeof value !== 'object' || value === null) {
    throw typeError('codec', "'msgpack', 'json', 'binary' or a Codec", value);
  }
  const custom = value as Codec<unknown>;
  const name = checkText('codec.name', custom.name, nameMostBytes);
  if (name === '') throw typeError('codec.name', 'a name', name);
  const given: unknown = custom.version;
  const version = given === undefined ? 1 : checkInteger('codec.version', given, 0, 0xffffffff);
  checkFunction('codec.encode', custom.encode);
  checkFunction('codec.decode', custom.decode);
  return { name, version, structures: false, custom };
}

export function checkContentHash(value: unknown): HashChoice | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') {
    const name = checkWord('contentHash', value, builtInHashes);
    return name === 'none' ? { name: '', bytes: 0 } : { name, bytes: sha256Bytes };
  }
  if (typeof value !== 'object' || value === null) {
    throw typeError('contentHash', "'none', 'sha256' or a ContentHash", value);
  }
  const custom = value as ContentHash;
  const name = checkText('contentHash.name', custom.name, nameMostBytes);
  if (name === '' || name === 'none') throw typeError('contentHash.name', 'a name', name);
  const bytes = checkInteger('contentHash.bytes', custom.bytes, 1, hashMostBytes);
  checkFunction('contentHash.digest', custom.digest);
  return { name, bytes, custom };
}

/** The codec for a journal or a checkpoint that recorded `name`. */
export function resolveCodec(
  choice: CodecChoice | undefined,
  name: string,
  what: 'journal' | 'checkpoint' = 'journal',
): WireCodec<unknown> {
  if (choice?.custom !== undefined) {
    return new CustomWireCodec(choice.custom, choice.name, choice.version);
  }
  switch (name) {
    case 'msgpack':
      return choice?.structures ? new StructuresWireCodec() : new MsgpackWireCodec();
    case 'json':
      return new JsonWireCodec();
    case 'binary':
      return new BinaryWireCodec() as unknown as WireCodec<unknown>;
    default:
      throw new TidemarkError(
        'ERR_TIDEMARK_MISMATCH',
        `the ${what} was created with the codec '${name}', which is not built in: ` +
          'pass that codec as the option "codec"',
      );
  }
}

export type Digest = (data: Uint8Array) => Uint8Array;

type OneShot = (algorithm: string, data: Uint8Array, encoding: 'buffer') => Buffer;
// From Node 20.12; the types of the oldest supported line do not have it.
const oneShot = (crypto as unknown as { hash?: OneShot }).hash;

export function sha256(data: Uint8Array): Uint8Array {
  return oneShot === undefined
    ? crypto.createHash('sha256').update(data).digest()
    : oneShot('sha256', data, 'buffer');
}

/** The digest for a journal that recorded `name`; undefined for a journal without content hash. */
export function resolveHash(
  choice: HashChoice | undefined,
  name: string,
  bytes: number,
): Digest | undefined {
  if (name === '') return undefined;
  const custom = choice?.custom;
  if (custom !== undefined) {
    return (data) => {
      const digest = checkBytes(
        'the result of contentHash.digest',
        checkSynchronous('contentHash.digest', custom.digest(new Uint8Array(data))),
      );
      const given = byteLengthOf(digest);
      if (given === bytes) return digest;
      throw new TidemarkError(
        'ERR_TIDEMARK_ENCODE',
        `contentHash '${name}' gave ${given} bytes instead of ${bytes}`,
        { outcome: 'not-written' },
      );
    };
  }
  if (name === 'sha256') return sha256;
  throw new TidemarkError(
    'ERR_TIDEMARK_MISMATCH',
    `the journal was created with the content hash '${name}', which is not built in: ` +
      'pass it as the option "contentHash"',
  );
}
