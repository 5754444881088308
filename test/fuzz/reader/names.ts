// What the files of a journal's directory are, by their names alone.
import { isSegmentId, utf8 } from './bytes.ts';

export type FileName =
  | { kind: 'lock' }
  | { kind: 'segment'; id: bigint }
  | { kind: 'head' }
  | { kind: 'cursor'; name: string }
  | { kind: 'temporary' }
  | { kind: 'foreign' };

const segmentName = /^segment-([0-9a-f]{16})\.tide(\.tmp)?$/;
const cursorName = /^cursor-(.+)\.mark$/s;
const temporaryMark = /^(head|cursor-.+\.mark)\.tmp-[a-z0-9_-]{1,40}$/s;
const mostEncodedName = 198;
const mostName = 128;

/** The name of a cursor from its spelling in a file name; undefined where it is spelled otherwise. */
function decodeCursorName(encoded: string): string | undefined {
  if (encoded.length > mostEncodedName) return undefined;
  if (!/^(?:[a-z0-9_.-]|%[0-9a-f]{2})+$/.test(encoded)) return undefined;
  const bytes: number[] = [];
  for (let at = 0; at < encoded.length; at += 1) {
    if (encoded[at] !== '%') {
      bytes.push(encoded.charCodeAt(at));
      continue;
    }
    const value = Number.parseInt(encoded.slice(at + 1, at + 3), 16);
    if (/[a-z0-9_.-]/.test(String.fromCharCode(value))) return undefined;
    bytes.push(value);
    at += 2;
  }
  return bytes.length > mostName ? undefined : utf8(Uint8Array.from(bytes));
}

export function fileName(name: string): FileName {
  if (name === 'journal.lock') return { kind: 'lock' };
  if (name === 'head') return { kind: 'head' };
  const segment = segmentName.exec(name);
  if (segment) {
    const id = BigInt(`0x${segment[1]}`);
    if (!isSegmentId(id)) return { kind: 'foreign' };
    return segment[2] === undefined ? { kind: 'segment', id } : { kind: 'temporary' };
  }
  const temporary = temporaryMark.exec(name);
  if (temporary?.[1] !== undefined) {
    const replaced = fileName(temporary[1]);
    return replaced.kind === 'foreign' ? replaced : { kind: 'temporary' };
  }
  const encoded = cursorName.exec(name)?.[1];
  const cursor = encoded === undefined ? undefined : decodeCursorName(encoded);
  return cursor === undefined ? { kind: 'foreign' } : { kind: 'cursor', name: cursor };
}
