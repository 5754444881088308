// What becomes of the records of the input that `append` reads: values for the journal's codec, or
// the reason why a line is bad.

import { isUtf8 } from 'node:buffer';
import { CliError, Exit } from './exit';
import type { Item } from './input';

export type InputKind = 'ndjson' | 'text' | 'binary';

const blank: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d]);

/** A line that is skipped. */
export function isEmpty(kind: InputKind, bytes: Buffer): boolean {
  if (kind === 'binary') return false;
  return kind === 'text' ? bytes.length === 0 : isBlank(bytes);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => blank.has(byte));
}

/** What becomes of one record of the input, for a journal with this codec. */
export function converter(kind: InputKind, codec: string): (item: Item) => unknown {
  if (kind === 'binary') return (item) => item.bytes;
  if (kind === 'text') {
    if (codec === 'binary') return (item) => item.bytes;
    if (codec === 'json') return (item) => Buffer.from(JSON.stringify(utf8(item)));
    return utf8;
  }
  return (item) => {
    const value = parsed(item);
    return codec === 'json' ? item.bytes : value;
  };
}

function utf8(item: Item): string {
  if (!isUtf8(item.bytes)) throw badLine(item, 'it is not valid UTF-8');
  return item.bytes.toString('utf8');
}

function parsed(item: Item): unknown {
  const text = utf8(item);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw badLine(item, `it is not JSON (${(cause as Error).message.split('\n', 1)[0]})`);
  }
}

function badLine(item: Item, what: string): CliError {
  return new CliError(
    `Line ${item.number} of the input is bad: ${what}; the records before it are kept. ` +
      'Correct the line and go on from it.',
    Exit.badData,
  );
}
