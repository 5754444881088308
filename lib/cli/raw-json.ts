// The json codec without its conversions: the bytes of a JSON text go into the journal and come out
// as they are, so that a number like 1.0 or 12345678901234567890 keeps its spelling.

import type { Codec } from '../codec/index';
import { JsonWireCodec } from '../codec/json';

const builtIn = new JsonWireCodec();
/** Both are recorded as the json codec, and open its journals. */
const { name, version } = builtIn;

/** For appending: values are the bytes of JSON texts. */
export const jsonBytesCodec: Codec<Uint8Array> = {
  name,
  version,
  encode: (bytes) => bytes,
  decode: (bytes) => bytes,
};

/** For reading: values are JSON texts, each on one line. */
export const jsonTextCodec: Codec<string> = {
  name,
  version,
  encode: (text) => Buffer.from(text),
  decode: (stored) => {
    const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
    if (!bytes.includes(newline)) return bytes.toString('utf8');
    return JSON.stringify(builtIn.decode(bytes, 0, bytes.length));
  },
};

const newline = 0x0a;
