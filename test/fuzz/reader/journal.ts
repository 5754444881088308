// A whole directory: which files are live segments, how they hang together, where the log ends, and
// what can be read. Written from docs/format.md and docs/recovery.md alone.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isEqual, isZero } from './bytes.ts';
import { damagedPadding, type Frame, type Seal } from './frame.ts';
import { isIndexDamaged } from './index-check.ts';
import { type Link, linkSegments } from './links.ts';
import type { LiveSegment, Problem, Reading, ReadRecord } from './report.ts';
import { walk } from './stream.ts';
import { type Files, isDamagedFile, type Survey, sealNames, survey } from './survey.ts';
import { decideTail, type TailDecision } from './tail.ts';

export function loadDirectory(directory: string): Files {
  const names = readdirSync(directory).sort();
  const files = names.filter((name) => statSync(join(directory, name)).isFile());
  return new Map(files.map((name) => [name, new Uint8Array(readFileSync(join(directory, name)))]));
}

/** Everything that the files of a directory say. `expectSeq` is known to have been durable. */
export function readJournal(files: Files, { expectSeq = 0n } = {}): Reading {
  const found = survey(files);
  const { problems, cursors, foreign } = found;
  const present = new Set(found.live.map(({ id }) => id));
  const links = linkSegments(found.sound, present, found.head, problems);
  const live = links.filter(({ isContradicted }) => !isContradicted);
  const segments = live.map((link, index): Linked => {
    const isLast = index + 1 === live.length;
    const extent = link.end === undefined ? {} : { limit: link.end };
    return { link, ...link, walk: walk(link, isLast ? {} : { ...extent, stepOver: true }) };
  });
  const last = segments.at(-1);
  const firstSeq = found.head?.firstSeq ?? 1n;
  let tail: TailDecision | undefined;
  if (last) {
    const proven = expectSeq > found.provenSeq ? expectSeq : found.provenSeq;
    tail = decideTail(last, last.walk, proven);
    noteTail(last, tail, problems);
  }
  for (const [index, segment] of segments.entries()) {
    checkSegment(segment, segments[index + 1], problems);
  }
  checkFiles(found, segments, problems);
  const isCut = wordOf(tail) !== 'clean';
  return {
    outcome: outcomeOf(problems, tail),
    row: tail?.row,
    problems,
    tail: wordOf(tail),
    cut: last && isCut ? { segment: last.id, offset: last.walk.stop.offset } : undefined,
    records: recordsOf(segments, firstSeq),
    firstSeq,
    lastSeq: (last?.walk.nextSeq ?? firstSeq) - 1n,
    codec: last && `${last.header.codecName} ${last.header.codecVersion}`,
    segments,
    cursors,
    foreign,
  };
}

interface Linked extends LiveSegment {
  link: Link;
}

function outcomeOf(problems: readonly Problem[], tail: TailDecision | undefined) {
  if (problems.some(({ what }) => what === 'newer')) return 'newer';
  return problems.length > 0 ? 'corrupt' : (tail?.outcome ?? 'none');
}

function wordOf(tail: TailDecision | undefined) {
  const { outcome } = tail ?? {};
  return outcome === 'torn' || outcome === 'undecidable' ? outcome : 'clean';
}

function noteTail(last: LiveSegment, { outcome, row }: TailDecision, problems: Problem[]): void {
  if (outcome !== 'corrupt' || row === 'A') return;
  const { offset } = last.walk.stop;
  // What is behind the damage is shown as it would be in a sealed segment.
  last.walk = walk(last, { stepOver: true });
  if (last.walk.damage.length === 0) problems.push({ what: 'frame', segment: last.id, offset });
}

/** Files that must be there, and files that are none of what their names say. */
function checkFiles(
  { live, halfMade, naming, head, cursors }: Survey,
  segments: Linked[],
  problems: Problem[],
): void {
  const named = new Set<bigint>();
  if (head && live.length > 0) named.add(head.segmentId);
  for (const { header } of naming) named.add(header.predecessor.id);
  for (const segment of segments) {
    const successor = sealOf(segment)?.seal.successorId;
    if (successor !== undefined) named.add(successor);
  }
  for (const file of live) {
    const isFirst = live.every(({ id, reading: { state } }) =>
      state === 'sound' || state === 'contradiction' ? file.id < id : true,
    );
    const isNamed =
      named.has(file.id) || naming.some((one) => one.id < file.id && sealNames(one, file.id));
    const isHalf = isNamed && halfMade.includes(file.id);
    if (!isHalf && !isDamagedFile(file, isNamed, isFirst)) continue;
    problems.push({ what: 'header', segment: file.id, offset: 0 });
  }
  const last = segments.at(-1);
  const successor = last && sealOf(last)?.seal.successorId;
  const first = head?.segmentId ?? (cursors.length > 0 && live.length === 0 ? 1n : undefined);
  for (const id of [first, successor]) {
    if (id === undefined || live.some((file) => file.id === id)) continue;
    problems.push({ what: 'missing', segment: id, offset: 0 });
  }
}

function checkSegment(segment: Linked, next: Linked | undefined, problems: Problem[]): void {
  const { id, link, walk: found } = segment;
  const at = (what: Problem['what'], offset: number) =>
    problems.push({ what, segment: id, offset });
  for (const { what, offset } of found.damage) at(what, offset);
  if (found.stop.at === 'unknown') at('newer', found.stop.offset);
  const seal = sealOf(segment);
  if (seal) checkSeal(segment, seal, problems);
  if (!next) return;
  if (link.end === undefined) {
    // Its successor is missing: it ends at its seal, wherever that stands.
    if (found.stop.at !== 'seal') at('seal', found.stop.offset);
    return;
  }
  const isNextUnused = next.walk.frames.length === 0 && next.walk.damage.length === 0;
  if (!seal && !(link.mayLackSeal && isNextUnused)) at('seal', link.end);
  const { stated } = link;
  const isWhole = found.damage.every(({ what }) => what !== 'frame') && found.stop.at === 'limit';
  if (isWhole && stated && !seal) {
    const isSame = found.nextSeq - 1n === stated.lastSeq && found.digest === stated.digest;
    if (!isSame) at('frame', found.stop.offset);
  }
}

/** The seal of a segment: in which its walk ended, or where its successor says that it stands. */
function sealOf({ link, walk: { stop } }: Linked): { frame: Frame; seal: Seal } | undefined {
  const frame = stop.at === 'seal' ? stop.frame : link.sealFrame;
  return frame?.seal && { frame, seal: frame.seal };
}

function checkSeal(
  { id, file, header, walk: found }: Linked,
  { frame, seal }: { frame: Frame; seal: Seal },
  problems: Problem[],
): void {
  const at = (what: Problem['what'], offset: number) =>
    problems.push({ what, segment: id, offset });
  const indexEnd = frame.end + seal.index.bytes;
  const frames = found.frames.filter(({ offset }) => offset < frame.offset);
  const isWhole = found.damage.every(({ what }) => what !== 'frame');
  const isCounted =
    seal.frames === BigInt(frames.length) &&
    seal.records === found.records &&
    seal.digest === found.digest &&
    frame.firstSeq === found.nextSeq;
  if (isWhole && !isCounted) at('seal', frame.offset);
  const [padding] = damagedPadding({ file, header }, frame);
  if (padding !== undefined) at('padding', padding);
  if (isIndexDamaged({ file, header }, isWhole ? frames : undefined, frame.end, seal)) {
    at('index', frame.end);
  }
  if (!isZero(file, indexEnd)) {
    const behind = file.subarray(indexEnd).findIndex((value) => value !== 0);
    at('padding', indexEnd + behind);
  }
}

function recordsOf(segments: readonly LiveSegment[], firstSeq: bigint): ReadRecord[] {
  return segments.flatMap(({ file, header, walk: { entries } }) =>
    entries
      .filter(({ kind, seq }) => kind === 0 && seq >= firstSeq)
      .map(({ seq, usesDictionary, offset, length, hash }): ReadRecord => {
        const bytes = file.subarray(offset, offset + length);
        const hasHash = hash !== undefined && header.hashName === 'sha256';
        const digest = hasHash && createHash('sha256').update(bytes).digest();
        return { seq, usesDictionary, bytes, isHashWrong: digest && !isEqual(digest, hash) };
      }),
  );
}
