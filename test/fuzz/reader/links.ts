// How segments hang together: what each header says of the segment in front, and each seal of the
// one behind.
import { type Frame, readHeader } from './frame.ts';
import type { Problem } from './report.ts';
import type { SoundSegment } from './survey.ts';

export interface Link extends SoundSegment {
  /** Where its frames end, as its successor's header says. */
  end: number | undefined;
  /** The seal that stands there. */
  sealFrame: Frame | undefined;
  /** It is not what its neighbours say: its records do not count. */
  isContradicted: boolean;
  /** Its successor is the last one, so that a crash may have kept the seal back. */
  mayLackSeal: boolean;
  /** What its successor says of it. */
  stated: { lastSeq: bigint; digest: bigint } | undefined;
}

export function linkSegments(
  sound: readonly SoundSegment[],
  present: ReadonlySet<bigint>,
  head: { segmentId: bigint; firstSeq: bigint } | undefined,
  problems: Problem[],
): Link[] {
  const links = sound.map(
    (segment): Link => ({
      ...segment,
      end: undefined,
      sealFrame: undefined,
      isContradicted: false,
      mayLackSeal: false,
      stated: undefined,
    }),
  );
  const [first] = links;
  if (first && first.id === head?.segmentId && first.header.firstSeq > head.firstSeq) {
    first.isContradicted = true;
    problems.push({ what: 'link', segment: first.id, offset: 0 });
  }
  for (const [index, link] of links.entries()) {
    const next = links[index + 1];
    if (!next) continue;
    if (next.header.predecessor.id > link.id) {
      const { id } = next.header.predecessor;
      if (!present.has(id)) problems.push({ what: 'missing', segment: id, offset: 0 });
    } else {
      const wrong = contradiction(link, next, index + 2 === links.length);
      if (!wrong) continue;
      wrong.isContradicted = true;
      problems.push({ what: 'link', segment: wrong.id, offset: 0 });
    }
  }
  return links;
}

/** Which of the two is not what the other says; fills in what `next` says of `link`. */
function contradiction(link: Link, next: Link, isLast: boolean): Link | undefined {
  const { predecessor, firstSeq, salt } = next.header;
  if (predecessor.id !== link.id || firstSeq !== predecessor.lastSeq + 1n) return next;
  if (predecessor.lastSeq + 1n < link.header.firstSeq) return link;
  if (predecessor.end < BigInt(2 * link.header.blockSize)) return next;
  link.end = Number(predecessor.end);
  link.stated = { lastSeq: predecessor.lastSeq, digest: predecessor.digest };
  link.mayLackSeal = isLast;
  const reading = readHeader(link, link.end);
  const seal = reading.state === 'sound' ? reading.frame.seal : undefined;
  if (reading.state !== 'sound' || !seal) return undefined;
  link.sealFrame = reading.frame;
  const agrees =
    seal.successorId === next.id &&
    seal.successorSalt === salt &&
    reading.frame.firstSeq === predecessor.lastSeq + 1n &&
    seal.digest === predecessor.digest;
  return agrees ? undefined : next;
}
