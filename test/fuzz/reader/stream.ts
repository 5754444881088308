// The frames of one segment, one behind the other, up to the place where they stop.
import { emptyDigest, extendDigest, isZero, KiB } from './bytes.ts';
import {
  alignment,
  damagedEntries,
  damagedPadding,
  type Entry,
  type Frame,
  fixedBytes,
  type Place,
  readHeader,
  readShape,
  type Shape,
  syncWord,
  type,
} from './frame.ts';

/** Why the walk ended at `offset`. */
export interface Stop {
  offset: number;
  at:
    | 'seal' // behind it
    | 'limit'
    | 'end'
    | 'zeros'
    | 'unknown'
    | 'discontinuous'
    | 'damaged header'
    | 'damaged body';
  /** Of a frame with a sound header. */
  frame?: Frame;
}

export interface Damage {
  what: 'frame' | 'record' | 'padding' | 'seal';
  offset: number;
  fromSeq: bigint;
  toSeq: bigint;
}

export interface Walk {
  frames: Frame[];
  /** Entries whose bytes are sound, in the order of the stream. */
  entries: Entry[];
  /** Damage that was stepped over; only where the caller asked for that. */
  damage: Damage[];
  nextSeq: bigint;
  digest: bigint;
  records: bigint;
  stop: Stop;
}

export interface Extent {
  /** Where the frames end, as a successor's header says. */
  limit?: number;
  /** Walk on behind damage, at the next frame that can be there. */
  stepOver?: boolean;
  /** Payloads and padding are not looked at. */
  bodiesUnread?: boolean;
}

export function walk(place: Place, extent: Extent = {}): Walk {
  const { limit, stepOver = false } = extent;
  const { header } = place;
  const found: Walk = {
    frames: [],
    entries: [],
    damage: [],
    nextSeq: header.firstSeq,
    digest: emptyDigest,
    records: 0n,
    stop: { offset: 2 * header.blockSize, at: 'end' },
  };
  let offset = 2 * header.blockSize;
  for (;;) {
    const stop = step(place, found, offset, extent);
    if (typeof stop === 'number') {
      offset = stop;
      continue;
    }
    const next = stepOver ? behindDamage(place, found, stop, limit) : undefined;
    if (next === undefined) {
      found.stop = stop;
      return found;
    }
    offset = next;
  }
}

/** Takes the frame at `offset`; gives the place behind it, or why there is none. */
function step(
  place: Place,
  found: Walk,
  offset: number,
  { limit, bodiesUnread = false }: Extent,
): number | Stop {
  const { file } = place;
  if (limit !== undefined && offset >= limit) return { offset, at: 'limit' };
  if (offset >= file.length) return { offset, at: 'end' };
  const reading = readHeader(place, offset);
  if (reading.state === 'damaged') {
    return { offset, at: isZero(file, offset) ? 'zeros' : 'damaged header' };
  }
  const { frame } = reading;
  if (frame.firstSeq !== found.nextSeq) return { offset, at: 'discontinuous', frame };
  if (reading.state === 'unknown') return { offset, at: 'unknown', frame };
  if (!bodiesUnread && !isBodySound(place, frame)) return { offset, at: 'damaged body', frame };
  // In front of where the successor says that the frames end, a seal does not belong either. Where
  // frames are lost it cannot count what was found.
  const hasLost = found.damage.some(({ what }) => what === 'frame');
  if (frame.seal && (limit !== undefined || !(hasLost || isSealOf(frame, found))))
    return { offset, at: 'discontinuous', frame };
  take(found, frame, frame.entries);
  return frame.type === type.seal ? { offset: frame.end, at: 'seal', frame } : frame.end;
}

export function isBodySound(place: Place, frame: Frame): boolean {
  return (
    frame.end <= place.file.length &&
    damagedEntries(place, frame).length === 0 &&
    damagedPadding(place, frame).length === 0
  );
}

function take(found: Walk, frame: Frame, entries: Entry[]): void {
  found.frames.push(frame);
  found.entries.push(...entries);
  found.nextSeq = frame.nextSeq;
  found.records += BigInt(frame.records);
  // The seal counts the frames in front of it; it is not one of them.
  if (frame.type !== type.seal) found.digest = extendDigest(found.digest, frame.checksum);
}

function isSealOf({ seal }: Frame, found: Walk): boolean {
  return (
    seal !== undefined &&
    seal.records === found.records &&
    seal.frames === BigInt(found.frames.length) &&
    seal.digest === found.digest
  );
}

/** Where the walk goes on behind a stop, after the loss was noted; undefined where it does not. */
function behindDamage(place: Place, found: Walk, stop: Stop, limit?: number): number | undefined {
  const { frame, offset, at } = stop;
  const end = limit ?? place.file.length;
  if (at === 'damaged body' && frame && frame.type !== type.seal && frame.end <= end) {
    noteBody(place, found, frame);
    return frame.end;
  }
  if (at === 'limit' || at === 'seal' || at === 'unknown') return undefined;
  // In the last segment nothing is missing in front of zeros, but for what the decision says.
  if (limit === undefined && (at === 'end' || at === 'zeros')) return undefined;
  const next = nextFrame(place, found, offset + alignment, end);
  const fromSeq = found.nextSeq;
  if (next) found.nextSeq = next.firstSeq;
  found.damage.push({ what: 'frame', offset, fromSeq, toSeq: found.nextSeq - 1n });
  return next?.offset;
}

function noteBody(place: Place, found: Walk, frame: Frame): void {
  const damaged = damagedEntries(place, frame);
  for (const { offset, seq, kind } of damaged) {
    const toSeq = kind === 0 ? seq : seq - 1n;
    found.damage.push({ what: 'record', offset, fromSeq: seq, toSeq });
  }
  const [offset] = damagedPadding(place, frame);
  if (offset !== undefined) {
    const { nextSeq } = frame;
    found.damage.push({ what: 'padding', offset, fromSeq: nextSeq, toSeq: nextSeq - 1n });
  }
  take(
    found,
    frame,
    frame.entries.filter((entry) => !damaged.includes(entry)),
  );
}

/** The next frame that can belong to the stream: not a repetition, and inside of it. */
function nextFrame(place: Place, found: Walk, from: number, limit: number): Frame | undefined {
  for (const frame of framesBehind(place, from)) {
    if (frame.offset >= limit) return undefined;
    if (frame.firstSeq >= found.nextSeq && frame.end <= limit) return frame;
  }
  return undefined;
}

/** Every frame with a valid header at or behind `from`, at any multiple of 8. */
export function* framesBehind(place: Place, from: number, search?: Search): Generator<Frame> {
  const first = syncWord & 0xff;
  const { file } = place;
  const last = file.length - fixedBytes;
  for (let at = Math.ceil(from / alignment) * alignment; at <= last; at += alignment) {
    if (file[at] !== first) continue;
    if (search && !search.spend(readShape(place, at))) return;
    const reading = readHeader(place, at);
    if (reading.state !== 'damaged') yield reading.frame;
  }
}

const spendPerByte = 8;
const spendAtLeast = 64 * KiB * KiB;

/** How much a search for proof may checksum. */
export class Search {
  isExhausted = false;
  #left: number;

  constructor({ file }: Place) {
    this.#left = file.length * spendPerByte + spendAtLeast;
  }

  spend(shape: Shape | undefined): boolean {
    this.#left -= shape ? shape.tableEnd - shape.offset : 0;
    this.isExhausted = this.#left < 0;
    return !this.isExhausted;
  }
}
