// The segment header and its two copies.
import {
  byte,
  bytesOf64,
  extend,
  hexadecimal,
  i64,
  isEqual,
  isSegmentId,
  isZero,
  KiB,
  seqLimit,
  u16,
  u32,
  u64,
} from './bytes.ts';

export const copyBytes = 4 * KiB;
export const blockSizes = [4, 8, 16, 32, 64].map((size) => size * KiB);
const magic = new TextEncoder().encode('TIDEMARK');
const namesAt = 196;
const mostName = 64;
const mostUserData = 1024;
const mostBody = 256 * KiB * KiB;
const mostEntries = 1_048_576;
const crc32cKind = 1;

export interface SegmentHeader {
  blockSize: number;
  journalId: string;
  segmentId: bigint;
  epoch: bigint;
  salt: bigint;
  firstSeq: bigint;
  capacity: bigint;
  createdAt: bigint;
  predecessor: { id: bigint; end: bigint; lastSeq: bigint; digest: bigint };
  head: { segmentId: bigint; firstSeq: bigint };
  limits: { body: number; entry: number; entries: number };
  startSeq: bigint;
  codecName: string;
  codecVersion: number;
  hashName: string;
  hashBytes: number;
  application: string;
  userData: Uint8Array;
  readOnly: boolean;
  /** segmentSeed: what the checksums of frames, records and index start from. */
  seed: number;
}

export type HeaderState =
  /** `badCopies` are damaged beside the sound one. */
  | { state: 'sound'; header: SegmentHeader; badCopies: number[] }
  | { state: 'newer' }
  /** Two copies that are sound, or newer, and say different things; what the first sound one says. */
  | { state: 'contradiction'; header: SegmentHeader | undefined }
  /** All zero, cut off by the end of the file, or damaged. */
  | { state: 'none' };

type CopyState =
  | { state: 'sound'; header: SegmentHeader; bytes: Uint8Array }
  | { state: 'newer'; bytes: Uint8Array }
  | { state: 'damaged' };

const damaged = { state: 'damaged' } as const;

function readCopy(file: Uint8Array, at: number, copy: 0 | 1): CopyState {
  if (file.length < at + copyBytes) return damaged;
  const bytes = file.subarray(at, at + copyBytes);
  if (!isEqual(bytes.subarray(0, 8), magic)) return damaged;
  const checksum = extend(extend(copy, bytes.subarray(0, 12)), bytes.subarray(16));
  if (u32(bytes, 12) !== checksum) return damaged;
  const version = u16(bytes, 8);
  if (version > 1) return { state: 'newer', bytes };
  if (version === 0) return damaged;

  const blockSize = u32(bytes, 20);
  if (byte(bytes, 16) !== copy || u16(bytes, 18) !== 0 || !blockSizes.includes(blockSize)) {
    return damaged;
  }
  if (copy === 1 && blockSize !== at) return damaged;
  if (byte(bytes, 17) !== crc32cKind) return { state: 'newer', bytes };
  if (u64(bytes, 24) !== 0n) return { state: 'newer', bytes };
  const header = readFields(bytes, blockSize);
  return header === undefined ? damaged : { state: 'sound', header, bytes };
}

function readFields(bytes: Uint8Array, blockSize: number): SegmentHeader | undefined {
  const [codecLength, hashLength, applicationLength] = [184, 185, 186].map((at) => byte(bytes, at));
  const userLength = u16(bytes, 192);
  const lengths = [codecLength ?? 0, hashLength ?? 0, applicationLength ?? 0];
  const used = u16(bytes, 10);
  const needed = namesAt + userLength + lengths.reduce((sum, each) => sum + each, 0);
  if (lengths.some((each) => each > mostName) || userLength > mostUserData) return undefined;
  if (used < needed || used > copyBytes || !isZero(bytes, used)) return undefined;
  if (u32(bytes, 172) !== 0 || u16(bytes, 194) !== 0) return undefined;

  let at = namesAt;
  const [codecName = '', hashName = '', application = ''] = lengths.map((length) => {
    at += length;
    return new TextDecoder().decode(bytes.subarray(at - length, at));
  });
  const header: SegmentHeader = {
    blockSize,
    journalId: hexadecimal(bytes.subarray(48, 64)),
    segmentId: u64(bytes, 64),
    epoch: u64(bytes, 72),
    salt: u64(bytes, 80),
    firstSeq: u64(bytes, 88),
    capacity: u64(bytes, 96),
    createdAt: i64(bytes, 104),
    predecessor: {
      id: u64(bytes, 112),
      end: u64(bytes, 120),
      lastSeq: u64(bytes, 128),
      digest: u64(bytes, 136),
    },
    head: { segmentId: u64(bytes, 144), firstSeq: u64(bytes, 152) },
    limits: { body: u32(bytes, 160), entry: u32(bytes, 164), entries: u32(bytes, 168) },
    startSeq: u64(bytes, 176),
    codecName,
    codecVersion: u32(bytes, 188),
    hashName,
    hashBytes: byte(bytes, 187),
    application,
    userData: bytes.subarray(at, at + userLength),
    readOnly: u64(bytes, 32) !== 0n,
    seed: extend(
      extend(extend(0, bytes.subarray(48, 64)), bytesOf64(u64(bytes, 64))),
      bytesOf64(u64(bytes, 80)),
    ),
  };
  return isPlausible(header) ? header : undefined;
}

function isPlausible(header: SegmentHeader): boolean {
  const { limits, predecessor, startSeq, firstSeq } = header;
  return (
    isSegmentId(header.segmentId) &&
    predecessor.id < header.segmentId &&
    header.head.segmentId >= 1n &&
    header.head.segmentId <= header.segmentId &&
    header.head.firstSeq >= startSeq &&
    header.head.firstSeq <= firstSeq &&
    predecessor.lastSeq < seqLimit &&
    startSeq >= 1n &&
    startSeq < seqLimit &&
    firstSeq >= startSeq &&
    firstSeq <= seqLimit &&
    limits.body <= mostBody &&
    limits.entry <= mostBody &&
    limits.entries <= mostEntries &&
    (header.hashBytes === 0) === (header.hashName === '')
  );
}

/** Both copies hold the same but for copy number and checksum. */
function holdTheSame(a: Uint8Array, b: Uint8Array): boolean {
  return isEqual(a.subarray(0, 12), b.subarray(0, 12)) && isEqual(a.subarray(17), b.subarray(17));
}

export function readSegmentHeader(file: Uint8Array): HeaderState {
  const first = readCopy(file, 0, 0);
  const places = first.state === 'sound' ? [first.header.blockSize] : blockSizes;
  const second = places
    .map((at) => readCopy(file, at, 1))
    .find(({ state }) => state !== 'damaged') ?? { state: 'damaged' };
  if (first.state === 'damaged' && second.state === 'damaged') return { state: 'none' };
  if (first.state !== 'damaged' && second.state !== 'damaged') {
    if (!holdTheSame(first.bytes, second.bytes)) {
      const speaks = [first, second].find((copy) => copy.state === 'sound');
      return { state: 'contradiction', header: speaks?.header };
    }
  }
  if (first.state === 'newer' || second.state === 'newer') return { state: 'newer' };
  if (first.state === 'sound') {
    const badCopies = second.state === 'sound' ? [] : [1];
    return { state: 'sound', header: first.header, badCopies };
  }
  return second.state === 'sound'
    ? { state: 'sound', header: second.header, badCopies: [0] }
    : { state: 'none' };
}
