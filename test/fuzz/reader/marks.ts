// The small files that are replaced as a whole: the head mark and named cursors.
import {
  extend,
  hexadecimal,
  isEqual,
  isSegmentId,
  seqLimit,
  u16,
  u32,
  u64,
  utf8,
} from './bytes.ts';

const prefixBytes = 48;
const mostBytes = 512;
const mostName = 128;
const encoder = new TextEncoder();

export type MarkState<T> = { state: 'sound'; mark: T } | { state: 'newer' } | { state: 'damaged' };

export interface HeadMark {
  journalId: string;
  segmentId: bigint;
  firstSeq: bigint;
}

export interface CursorMark {
  journalId: string;
  seq: bigint;
  epoch: bigint;
  name: string;
}

function readMark<T>(
  bytes: Uint8Array,
  magic: string,
  fields: (bytes: Uint8Array) => T | undefined,
): MarkState<T> {
  if (bytes.length < prefixBytes || bytes.length > mostBytes) return { state: 'damaged' };
  if (!isEqual(bytes.subarray(0, 8), encoder.encode(magic))) return { state: 'damaged' };
  const checksum = extend(extend(0, bytes.subarray(0, 12)), bytes.subarray(16));
  if (u32(bytes, 12) !== checksum || u16(bytes, 10) !== bytes.length) return { state: 'damaged' };
  const version = u16(bytes, 8);
  if (version > 1) return { state: 'newer' };
  const mark = version === 1 ? fields(bytes) : undefined;
  return mark === undefined ? { state: 'damaged' } : { state: 'sound', mark };
}

const journalIdOf = (bytes: Uint8Array) => hexadecimal(bytes.subarray(16, 32));

export function readHead(bytes: Uint8Array): MarkState<HeadMark> {
  return readMark(bytes, 'TIDEHEAD', (all) => {
    const mark = { journalId: journalIdOf(all), segmentId: u64(all, 32), firstSeq: u64(all, 40) };
    const isSound =
      all.length === prefixBytes &&
      isSegmentId(mark.segmentId) &&
      mark.firstSeq >= 1n &&
      mark.firstSeq <= seqLimit;
    return isSound ? mark : undefined;
  });
}

export function readCursor(bytes: Uint8Array): MarkState<CursorMark> {
  return readMark(bytes, 'TIDECURS', (all) => {
    if (all.length < prefixBytes + 2) return undefined;
    const length = u16(all, prefixBytes);
    if (length < 1 || length > mostName || all.length !== prefixBytes + 2 + length)
      return undefined;
    const name = utf8(all.subarray(prefixBytes + 2));
    const seq = u64(all, 32);
    if (name === undefined || seq >= seqLimit) return undefined;
    return { journalId: journalIdOf(all), seq, epoch: u64(all, 40), name };
  });
}
