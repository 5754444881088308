// Numbers, checksums and digests as docs/format.md defines them, the slow and obvious way: this
// reader shares no code with tidemark, and takes nothing from it.

export const KiB = 1024;
/** Seqs are safe integers; a seq of 2^53 is one that no record can have. */
export const seqLimit = 2n ** 53n;
/** The ids of segments, too. */
export const isSegmentId = (id: bigint) => id >= 1n && id < seqLimit;

export const u16 = (bytes: Uint8Array, at: number) => byte(bytes, at) | (byte(bytes, at + 1) << 8);
export const u32 = (bytes: Uint8Array, at: number) =>
  u16(bytes, at) + u16(bytes, at + 2) * 0x1_0000;
export const u64 = (bytes: Uint8Array, at: number) =>
  BigInt(u32(bytes, at)) + (BigInt(u32(bytes, at + 4)) << 32n);
export const i64 = (bytes: Uint8Array, at: number) => BigInt.asIntN(64, u64(bytes, at));

/** A byte that must be there. */
export function byte(bytes: Uint8Array, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw new RangeError(`byte ${at} of ${bytes.length}`);
  return value;
}

export function isZero(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

export function hexadecimal(bytes: Uint8Array): string {
  return [...bytes].map((value) => value.toString(16).padStart(2, '0')).join('');
}

export const hexadecimal64 = (value: bigint) => value.toString(16).padStart(16, '0');

/** Text of UTF-8 bytes; undefined where they are none. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const castagnoli = 0x82f63b78;

/** What each value of the register's low byte becomes, eight bits later. */
const steps = Uint32Array.from({ length: 256 }, (_, value) => {
  let register = value;
  for (let bit = 0; bit < 8; bit += 1) {
    register = register & 1 ? (register >>> 1) ^ castagnoli : register >>> 1;
  }
  return register;
});

/** CRC32C, byte by byte: goes on from the checksum `seed` of what came before. */
export function extend(seed: number, bytes: Uint8Array): number {
  let register = (seed ^ 0xffffffff) >>> 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const value = (register ^ (bytes[at] ?? 0)) & 0xff;
    register = (register >>> 8) ^ (steps[value] ?? 0);
  }
  return (register ^ 0xffffffff) >>> 0;
}

/** A 64-bit number as its eight bytes in a file. */
export function bytesOf64(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

const fnvOffsetBasis = 0xcbf29ce484222325n;
const fnvPrime = 0x100000001b3n;

/** FNV-1a 64 over the header checksums of frames: the digest of a stream, one frame at a time. */
export function extendDigest(digest: bigint | undefined, checksum: number): bigint {
  let hash = digest ?? fnvOffsetBasis;
  for (let shift = 0; shift < 32; shift += 8) {
    hash = BigInt.asUintN(64, (hash ^ BigInt((checksum >>> shift) & 0xff)) * fnvPrime);
  }
  return hash;
}

export const emptyDigest = fnvOffsetBasis;
