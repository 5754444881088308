// The index behind a seal: whether it is what the frames in front of it say.
import { extend, u64 } from './bytes.ts';
import type { Frame, Place, Seal } from './frame.ts';

const spacing = 65_536;
const entryBytes = 16;

/** The first frame that begins in each 65,536 bytes of the file; the seal is none of them. */
function expectedEntries(frames: readonly Frame[]): Frame[] {
  let last = -1;
  return frames.filter(({ offset }) => {
    const slot = Math.floor(offset / spacing);
    const isFirst = slot !== last;
    last = slot;
    return isFirst;
  });
}

/**
 * Whether the index at `offset` is damaged. `frames` are all frames in front of the seal; without
 * them only the checksum can tell.
 */
export function isIndexDamaged(
  place: Place,
  frames: readonly Frame[] | undefined,
  offset: number,
  { index: { bytes, entries, checksum } }: Seal,
): boolean {
  const stored = place.file.subarray(offset, offset + bytes);
  if (stored.length < bytes || extend(place.header.seed, stored) !== checksum) return true;
  if (frames === undefined) return false;
  const expected = expectedEntries(frames);
  return (
    entries !== expected.length ||
    expected.some(
      (frame, index) =>
        u64(stored, index * entryBytes) !== frame.firstSeq ||
        u64(stored, index * entryBytes + 8) !== BigInt(frame.offset),
    )
  );
}
