// One frame: header, record table, entries.
import { byte, bytesOf64, extend, isSegmentId, KiB, seqLimit, u32, u64 } from './bytes.ts';
import type { SegmentHeader } from './header.ts';

export const syncWord = 0x9d4d4454;
export const fixedBytes = 36;
export const alignment = 8;
export const type = { commit: 1, mark: 2, seal: 3, gap: 4 } as const;
const flag = { attributes: 1, hashed: 2, blockPadded: 4, closing: 8 } as const;
const skippable = 0x80;
const optionalSizes = [8, 8, 8, 32];
const ownSizes = new Map<number, number>([
  [type.commit, 0],
  [type.mark, 0],
  [type.seal, 72],
  [type.gap, 16],
]);
const allowedFlags = new Map<number, number>([
  [type.commit, flag.attributes | flag.hashed | flag.blockPadded],
  [type.mark, flag.closing | flag.blockPadded],
  [type.seal, 0],
  [type.gap, 0],
]);
const lastReason = 3;
const indexEntryBytes = 16;
const indexSpacing = 64 * KiB;
const usesDictionary = 0x10;
const firstSkippedKind = 8;

export interface Seal {
  successorId: bigint;
  successorSalt: bigint;
  records: bigint;
  frames: bigint;
  digest: bigint;
  index: { bytes: number; entries: number; checksum: number };
}

export interface Entry {
  kind: number;
  usesDictionary: boolean;
  /** Its own seq, or that of the next entry that takes one. */
  seq: bigint;
  offset: number;
  length: number;
  checksum: number;
  hash: Uint8Array | undefined;
}

export interface Frame {
  offset: number;
  type: number;
  checksum: number;
  closing: boolean;
  firstSeq: bigint;
  nextSeq: bigint;
  entries: Entry[];
  /** Records that took a seq. */
  records: number;
  /** Behind the payloads, without padding. */
  bodyEnd: number;
  /** Where the next frame begins. */
  end: number;
  watermark: { offset: number; seq: bigint };
  seal: Seal | undefined;
}

export type HeaderReading =
  | { state: 'sound'; frame: Frame }
  /** Sound, and of a kind that this reader does not know and may not skip. */
  | { state: 'unknown'; why: string; frame: Frame }
  | { state: 'damaged' };

export interface Place {
  file: Uint8Array;
  header: SegmentHeader;
}

const damaged = { state: 'damaged' } as const;

/** The parts of a header that say how long header and table are: steps 1 and 3 of the page. */
export interface Shape {
  offset: number;
  type: number;
  flags: number;
  words: number;
  optional: number;
  bodyBytes: number;
  entries: number;
  tableAt: number;
  tableEnd: number;
}

export function readShape({ file, header }: Place, offset: number): Shape | undefined {
  if (offset % alignment !== 0 || offset < 2 * header.blockSize) return undefined;
  if (offset + fixedBytes > file.length || u32(file, offset) !== syncWord) return undefined;
  const [frameType, flags, words, optional] = [8, 9, 10, 11].map((at) => byte(file, offset + at));
  if (frameType === undefined || flags === undefined) return undefined;
  if (words === undefined || optional === undefined || words * 4 < fixedBytes) return undefined;
  const bodyBytes = u32(file, offset + 12);
  const entries = u32(file, offset + 16);
  if (entries > header.limits.entries || bodyBytes > header.limits.body) return undefined;
  if (flags & flag.hashed && header.hashBytes === 0) return undefined;
  const perEntry =
    8 + (flags & flag.attributes ? 1 : 0) + (flags & flag.hashed ? header.hashBytes : 0);
  const tableAt = offset + words * 4;
  const tableEnd = tableAt + entries * perEntry;
  if (tableEnd > file.length) return undefined;
  return { offset, type: frameType, flags, words, optional, bodyBytes, entries, tableAt, tableEnd };
}

export function headerChecksum({ file, header }: Place, offset: number, tableEnd: number): number {
  const seed = extend(header.seed, bytesOf64(BigInt(offset)));
  return extend(seed, file.subarray(offset + 8, tableEnd));
}

export function readHeader(place: Place, offset: number): HeaderReading {
  const shape = readShape(place, offset);
  if (shape === undefined) return damaged;
  const checksum = u32(place.file, offset + 4);
  if (headerChecksum(place, offset, shape.tableEnd) !== checksum) return damaged;
  return interpret(place, offset, shape, checksum);
}

function interpret(place: Place, offset: number, shape: Shape, checksum: number): HeaderReading {
  const { file, header } = place;
  const own = ownSizes.get(shape.type);
  if (own !== undefined) {
    const known = optionalSizes.filter((_, bit) => shape.optional & (1 << bit));
    const exact = fixedBytes + own + known.reduce((sum, size) => sum + size, 0);
    const hasUnknown = shape.optional >= 1 << optionalSizes.length;
    if (hasUnknown ? shape.words * 4 < exact : shape.words * 4 !== exact) return damaged;
  }
  const firstSeq = u64(file, offset + 20);
  if (firstSeq < header.firstSeq || firstSeq > seqLimit) return damaged;

  const table = readTable(place, shape, firstSeq);
  if (table === undefined || table.nextSeq > seqLimit) return damaged;
  const watermark = {
    offset: offset - u32(file, offset + 28) * alignment,
    seq: firstSeq - 1n - BigInt(u32(file, offset + 32)),
  };
  if (watermark.offset < 2 * header.blockSize || watermark.seq < header.firstSeq - 1n) {
    return damaged;
  }
  const padding = shape.flags & flag.blockPadded;
  const bodyEnd = shape.tableEnd + shape.bodyBytes;
  const frame: Frame = {
    offset,
    type: shape.type,
    checksum,
    closing: shape.type === type.mark && (shape.flags & flag.closing) !== 0,
    firstSeq,
    nextSeq: table.nextSeq,
    entries: table.entries,
    records: table.records,
    bodyEnd,
    end: roundUp(bodyEnd, padding ? header.blockSize : alignment),
    watermark,
    seal: undefined,
  };
  return interpretType(place, shape, frame, table.unknown);
}

const roundUp = (value: number, unit: number) => Math.ceil(value / unit) * unit;

interface Table {
  entries: Entry[];
  nextSeq: bigint;
  records: number;
  unknown: string | undefined;
}

/** Step 5; `undefined` where a length is above the limit or the lengths do not add up. */
function readTable({ file, header }: Place, shape: Shape, firstSeq: bigint): Table | undefined {
  const { entries: count, tableAt, flags } = shape;
  const checksumsAt = tableAt + 4 * count;
  const attributesAt = checksumsAt + 4 * count;
  const hashesAt = attributesAt + (flags & flag.attributes ? count : 0);
  const entries: Entry[] = [];
  let nextSeq = firstSeq;
  let records = 0;
  let offset = shape.tableEnd;
  let unknown: string | undefined;
  for (let index = 0; index < count; index += 1) {
    const length = u32(file, tableAt + 4 * index);
    if (length > header.limits.entry) return undefined;
    const attribute = flags & flag.attributes ? byte(file, attributesAt + index) : 0;
    const kind = attribute & 0x0f;
    const recordFlags = attribute & 0xf0;
    if (kind > 1 && kind < firstSkippedKind) unknown ??= `kind ${kind}`;
    if (kind < firstSkippedKind && recordFlags & ~usesDictionary) unknown ??= 'record flag';
    const hashAt = hashesAt + index * header.hashBytes;
    entries.push({
      kind,
      usesDictionary: (recordFlags & usesDictionary) !== 0,
      seq: nextSeq,
      offset,
      length,
      checksum: u32(file, checksumsAt + 4 * index),
      hash: flags & flag.hashed ? file.subarray(hashAt, hashAt + header.hashBytes) : undefined,
    });
    if (kind === 0 && shape.type === type.commit) {
      nextSeq += 1n;
      records += 1;
    }
    offset += length;
  }
  return offset - shape.tableEnd === shape.bodyBytes
    ? { entries, nextSeq, records, unknown }
    : undefined;
}

/** Step 7: what the type asks for; and what this reader does not know. */
function interpretType(
  place: Place,
  shape: Shape,
  frame: Frame,
  unknownRecord: string | undefined,
): HeaderReading {
  const allowed = allowedFlags.get(shape.type);
  if (allowed === undefined) {
    if (shape.type & skippable) return { state: 'sound', frame };
    return { state: 'unknown', why: `frame type ${shape.type}`, frame };
  }
  if (shape.flags & ~allowed) return { state: 'unknown', why: 'frame flag', frame };
  if (shape.type === type.commit) {
    if (shape.entries === 0) return damaged;
    if (unknownRecord !== undefined) return { state: 'unknown', why: unknownRecord, frame };
    return { state: 'sound', frame };
  }
  if (shape.entries !== 0) return damaged;
  if (shape.type === type.mark) return { state: 'sound', frame };
  if (shape.type === type.gap) return interpretGap(place.file, frame);
  const seal = readSeal(place, frame);
  return seal ? { state: 'sound', frame: { ...frame, seal } } : damaged;
}

function interpretGap(file: Uint8Array, frame: Frame): HeaderReading {
  const lastAbsent = u64(file, frame.offset + 36);
  const reason = u32(file, frame.offset + 44);
  if (lastAbsent < frame.firstSeq || lastAbsent >= seqLimit) return damaged;
  if (u32(file, frame.offset + 48) !== 0) return damaged;
  const gap = { ...frame, nextSeq: lastAbsent + 1n };
  if (reason < 1 || reason > lastReason) return { state: 'unknown', why: 'gap reason', frame: gap };
  return { state: 'sound', frame: gap };
}

function readSeal({ file, header }: Place, { offset, firstSeq }: Frame): Seal | undefined {
  const seal: Seal = {
    successorId: u64(file, offset + 36),
    successorSalt: u64(file, offset + 44),
    records: u64(file, offset + 60),
    frames: u64(file, offset + 68),
    digest: u64(file, offset + 76),
    index: {
      bytes: u32(file, offset + 84),
      entries: u32(file, offset + 88),
      checksum: u32(file, offset + 92),
    },
  };
  const isSound =
    seal.successorId > header.segmentId &&
    isSegmentId(seal.successorId) &&
    u64(file, offset + 52) === firstSeq - 1n &&
    seal.index.bytes === indexEntryBytes * seal.index.entries &&
    seal.index.entries <= Math.floor(offset / indexSpacing) + 1 &&
    u32(file, offset + 96) === 0;
  return isSound ? seal : undefined;
}

/** The entries whose payloads do not have their checksums. */
export function damagedEntries({ file, header }: Place, frame: Frame): Entry[] {
  return frame.entries.filter(({ offset, length, seq, checksum }) => {
    const end = offset + length;
    const payload = file.subarray(offset, end);
    return end > file.length || extend(recordSeed(header.seed, seq), payload) !== checksum;
  });
}

function recordSeed(segmentSeed: number, seq: bigint): number {
  return (segmentSeed ^ Number((seq * 0x9e3779b1n) & 0xffffffffn)) >>> 0;
}

/** The bytes behind the payloads that should be zero and are not. */
export function damagedPadding({ file }: Place, { bodyEnd, end }: Frame): number[] {
  const offsets = Array.from({ length: end - bodyEnd }, (_, index) => bodyEnd + index);
  return offsets.filter((at) => (file[at] ?? 0) !== 0);
}
