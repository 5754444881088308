// Where the frames of the unsealed segment end: the first table of docs/recovery.md.
import { byte, extend, isZero, u32 } from './bytes.ts';
import {
  alignment,
  damagedEntries,
  damagedPadding,
  type Frame,
  fixedBytes,
  headerChecksum,
  type Place,
  readHeader,
  readShape,
} from './frame.ts';
import { framesBehind, isBodySound, Search, type Walk } from './stream.ts';

const sectorBytes = 512;
const mostHeaderBytes = 1020;
const mostSearchedTable = 8192;

export type Outcome = 'sound' | 'torn' | 'undecidable' | 'corrupt' | 'newer';

export interface TailDecision {
  row: string;
  outcome: Outcome;
}

/** What stands where the walk stopped. */
type Remains =
  | 'nothing'
  | 'no header'
  | 'missing sector'
  | 'full length'
  | 'one bit'
  | 'imitations';

/** `provenSeq` is the highest seq that something else names as durable. */
export function decideTail(place: Place, walk: Walk, provenSeq: bigint): TailDecision {
  const { stop } = walk;
  // The last live segment has no successor, and its seal names one: that file is refused, by its row.
  if (stop.at === 'seal') return { row: 'A', outcome: 'corrupt' };
  if (stop.at === 'limit') return { row: 'A', outcome: 'sound' };
  if (stop.at === 'unknown') return { row: 'C', outcome: 'newer' };
  if (stop.at === 'discontinuous') return { row: 'D', outcome: 'corrupt' };
  const isFrameProof = provesMore(place, stop.offset);
  const remains = isFrameProof === undefined ? 'imitations' : whatStands(place, walk);
  if (remains === 'one bit') return { row: 'E', outcome: 'corrupt' };
  if (remains === 'imitations') return { row: 'H', outcome: 'corrupt' };
  if (isFrameProof || provenSeq >= walk.nextSeq) {
    return { row: remains === 'nothing' ? 'G' : 'F', outcome: 'corrupt' };
  }
  if (remains === 'missing sector') return { row: 'M', outcome: 'torn' };
  if (remains === 'full length') return { row: 'N', outcome: 'undecidable' };
  if (remains === 'no header') return { row: 'O', outcome: 'torn' };
  if (BigInt(place.file.length) < place.header.capacity) return { row: 'J', outcome: 'torn' };
  return { row: walk.frames.at(-1)?.closing ? 'K' : 'L', outcome: 'sound' };
}

/** Whether a later frame proves that more was durable; undefined: too many imitations to tell. */
function provesMore(place: Place, stop: number): boolean | undefined {
  const search = new Search(place);
  let greatest = 0;
  for (const { watermark } of framesBehind(place, stop + alignment, search)) {
    greatest = Math.max(greatest, watermark.offset);
  }
  return greatest > stop || (search.isExhausted ? undefined : false);
}

function whatStands(place: Place, { stop, nextSeq }: Walk): Remains {
  const { offset, frame } = stop;
  if (stop.at === 'end' || stop.at === 'zeros') return 'nothing';
  if (!frame) return isOneBitAway(place, offset, nextSeq) ? 'one bit' : 'no header';
  if (frame.end > place.file.length) return 'missing sector';
  const damaged = damagedEntries(place, frame);
  if (damaged.length === 0 && isOneBitOfPadding(place, frame)) return 'one bit';
  const isMissing = damaged.some(({ offset: from, length }) => {
    for (let at = from - (from % sectorBytes); at < from + length; at += sectorBytes) {
      const isInside = at >= frame.offset && at + sectorBytes <= frame.end;
      if (isInside && isZero(place.file, at, at + sectorBytes)) return true;
    }
    return false;
  });
  return isMissing ? 'missing sector' : 'full length';
}

/** Whether one flipped bit is all that is wrong with the padding. */
function isOneBitOfPadding(place: Place, frame: Frame): boolean {
  const [at, ...more] = damagedPadding(place, frame);
  if (at === undefined || more.length > 0) return false;
  const value = byte(place.file, at);
  return (value & (value - 1)) === 0;
}

/** Whether one flipped bit of the header makes one of it that continues the stream. */
function isOneBitAway({ file, header }: Place, offset: number, nextSeq: bigint): boolean {
  const place: Place = { file: file.slice(), header };
  const isSoundWith = (at: number, bit: number) => {
    const before = byte(place.file, at);
    place.file[at] = before ^ bit;
    const reading = readHeader(place, offset);
    const isFrame = reading.state !== 'damaged' && reading.frame.firstSeq === nextSeq;
    const counts = isFrame && !((before & bit) === 0 && isTornAt(place, file, reading.frame, at));
    place.file[at] = before;
    return counts;
  };
  const fixedEnd = offset + fixedBytes;
  if (fixedEnd > file.length) return false;
  for (let at = offset; at < fixedEnd; at += 1) {
    for (let bit = 1; bit < 256; bit <<= 1) if (isSoundWith(at, bit)) return true;
  }
  const shape = readShape(place, offset);
  if (!shape || shape.tableEnd - offset > mostHeaderBytes + mostSearchedTable) return false;
  const difference = (headerChecksum(place, offset, shape.tableEnd) ^ u32(file, offset + 4)) >>> 0;
  // What a flipped bit changes in a CRC depends on nothing but its distance from the end.
  const changes = Array.from({ length: 8 }, (_, bit) => stepOfZero(1 << bit));
  for (let at = shape.tableEnd - 1; at >= fixedEnd; at -= 1) {
    for (const [bit, change] of changes.entries()) {
      if (change === difference && isSoundWith(at, 1 << bit)) return true;
      changes[bit] = stepOfZero(change);
    }
  }
  return false;
}

/** The register of the CRC after one more byte of zero. */
const stepOfZero = (register: number) =>
  (extend((register ^ 0xffffffff) >>> 0, Uint8Array.of(0)) ^ 0xffffffff) >>> 0;

/** Whether a torn write explains the missing bit at `at`; `mended` has it, `file` has not. */
function isTornAt(mended: Place, file: Uint8Array, frame: Frame, at: number): boolean {
  const sector = at - (at % sectorBytes);
  const isSectorZero = isZero(file, sector, Math.min(sector + sectorBytes, file.length));
  if (sector > frame.offset && isSectorZero) return true;
  return isZero(file, at, Math.min(frame.end, file.length)) && !isBodySound(mended, frame);
}
