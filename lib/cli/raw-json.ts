// The json codec without its conversions: the bytes of a JSON text go into the journal and come out
// as they are, so that a number like 1.0 or 12345678901234567890 keeps its spelling.

import type { Codec } from '../codec/index';
import { JsonWireCodec } from '../codec/json';

const builtIn = new JsonWireCodec();

/** Is recorded as the json codec, and opens its journals. Values are the bytes of JSON texts. */
export const rawJsonCodec: Codec<Uint8Array> = {
  name: builtIn.name,
  version: builtIn.version,
  encode: (bytes) => bytes,
  decode: (bytes) => bytes,
};

const newline = 0x0a;

/** The JSON text of a record on one line. */
export function jsonLine(stored: Uint8Array): string {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  if (!bytes.includes(newline)) return bytes.toString('utf8');
  return JSON.stringify(builtIn.decode(bytes, 0, bytes.length));
}
