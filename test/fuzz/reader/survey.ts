// The files of a directory one by one: which are ours, which are live segments, what each header says.
import { isZero } from './bytes.ts';
import { copyBytes, type HeaderState, readSegmentHeader, type SegmentHeader } from './header.ts';
import { type CursorMark, type HeadMark, readCursor, readHead } from './marks.ts';
import { fileName } from './names.ts';
import type { Problem } from './report.ts';
import { walk } from './stream.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

export interface SegmentFile {
  id: bigint;
  file: Uint8Array;
  reading: HeaderState;
}

export interface SoundSegment {
  id: bigint;
  file: Uint8Array;
  header: SegmentHeader;
}

export interface Survey {
  /** At or above the head, by id. */
  live: SegmentFile[];
  /** Successors that were cut while they were made, as far as the sound frames in front tell. */
  halfMade: bigint[];
  /** Those of them with a sound header, whoever they are, by id; no half-made successor. */
  naming: SoundSegment[];
  /** Those of these that are what their names say. */
  sound: SoundSegment[];
  head: { segmentId: bigint; firstSeq: bigint } | undefined;
  /** The highest seq that the marks and a half-made successor name as durable. */
  provenSeq: bigint;
  cursors: CursorMark[];
  foreign: string[];
  problems: Problem[];
}

export function survey(files: Files): Survey {
  const segments: SegmentFile[] = [];
  const foreign: string[] = [];
  for (const [name, file] of files) {
    const what = fileName(name);
    if (what.kind === 'foreign') foreign.push(name);
    if (what.kind === 'segment') {
      segments.push({ id: what.id, file, reading: readSegmentHeader(file) });
    }
  }
  segments.sort((a, b) => (a.id < b.id ? -1 : 1));
  const problems: Problem[] = [];
  const readable = segments.flatMap(({ id, file, reading }) =>
    reading.state === 'sound' ? [{ id, file, header: reading.header }] : [],
  );
  const marks = readMarks(files, problems);
  const journalId = chooseJournal(readable, marks, problems);
  const ours = readable.filter(({ header }) => header.journalId === journalId);
  for (const { journalId: other } of marks.cursors) {
    if (journalId !== undefined && other !== journalId) {
      problems.push({ what: 'cursor', segment: 0n, offset: 0 });
    }
  }
  const head = headInForce(ours, marks.headMark);
  const isLive = ({ id }: { id: bigint }) =>
    journalId === undefined || head === undefined || id >= head.segmentId;
  const live = segments.filter(isLive);
  const { naming, halfMade } = withoutHalfMade(live, journalId);
  const sound = naming.filter(({ id }) =>
    ours.some(({ id: own, header }) => own === id && header.segmentId === id),
  );
  for (const segment of live) checkFile(segment, journalId, halfMade, problems);
  const seqs = [
    ...(marks.headMark ? [marks.headMark.firstSeq - 1n] : []),
    ...marks.cursors.map(({ seq }) => seq),
    ...halfMade.map(({ header }) => header.predecessor.lastSeq),
  ];
  const provenSeq = seqs.reduce((a, b) => (a > b ? a : b), 0n);
  return {
    live,
    halfMade: halfMade.map(({ id }) => id),
    naming,
    sound,
    head,
    provenSeq,
    cursors: marks.cursors,
    foreign,
    problems,
  };
}

interface Marks {
  headMark: HeadMark | undefined;
  cursors: CursorMark[];
}

function readMarks(files: Files, problems: Problem[]): Marks {
  const marks: Marks = { headMark: undefined, cursors: [] };
  for (const [name, file] of files) {
    const what = fileName(name);
    if (what.kind === 'head') {
      const head = readHead(file);
      if (head.state === 'sound') marks.headMark = head.mark;
      else noteMark(head.state, 'head', problems);
    }
    if (what.kind === 'cursor') {
      const cursor = readCursor(file);
      if (cursor.state !== 'sound') noteMark(cursor.state, 'cursor', problems);
      else if (cursor.mark.name === what.name) marks.cursors.push(cursor.mark);
      else noteMark('damaged', 'cursor', problems);
    }
  }
  return marks;
}

function noteMark(state: 'newer' | 'damaged', what: 'head' | 'cursor', problems: Problem[]): void {
  problems.push({ what: state === 'newer' ? 'newer' : what, segment: 0n, offset: 0 });
}

/** The head mark says whose journal this is, else the first sound header. */
function chooseJournal(
  readable: SoundSegment[],
  marks: Marks,
  problems: Problem[],
): string | undefined {
  const byMark = marks.headMark?.journalId;
  if (readable.some(({ header }) => header.journalId === byMark)) return byMark;
  const first = readable[0];
  if (first && marks.headMark) {
    marks.headMark = undefined;
    problems.push({ what: 'head', segment: 0n, offset: 0 });
  }
  return first?.header.journalId;
}

/** The one with the greatest first seq among the head mark and the segment headers. */
function headInForce(segments: SoundSegment[], headMark: HeadMark | undefined) {
  let head: Survey['head'] = headMark;
  for (const { header } of segments) {
    if (head === undefined || header.head.firstSeq > head.firstSeq) head = header.head;
  }
  return head;
}

/** The files with sound headers, but for the successors among them that were cut while they were made. */
function withoutHalfMade(live: SegmentFile[], journalId: string | undefined) {
  const naming = live.flatMap(({ id, file, reading }): (SoundSegment & { copies: number })[] => {
    if (reading.state === 'contradiction' && reading.header)
      return [{ id, file, header: reading.header, copies: 2 }];
    if (reading.state !== 'sound') return [];
    return [{ id, file, header: reading.header, copies: 2 - reading.badCopies.length }];
  });
  const halfMade: SoundSegment[] = [];
  for (let index = 1; index < naming.length; ) {
    const [before, one] = naming.slice(index - 1);
    if (!before || !one) break;
    const { id, file, header, copies } = one;
    const isOwn = header.segmentId === id && header.journalId === journalId;
    const isReplaced = naming
      .slice(index + 1)
      .some((later) => later.header.predecessor.id === header.predecessor.id);
    const isContinued = naming.some((other) => other.header.predecessor.id === id);
    const isHalfMade =
      isOwn &&
      (copies === 1 || isReplaced) &&
      !isContinued &&
      isZero(file, Math.min(2 * header.blockSize, file.length)) &&
      !sealNames(before, id);
    if (isHalfMade) halfMade.push(...naming.splice(index, 1));
    else index += 1;
  }
  return { naming, halfMade };
}

/** Whether the walk over headers and tables ends at a seal that names the segment `id`. */
export function sealNames(place: SoundSegment, id: bigint): boolean {
  const { stop } = walk(place, { bodiesUnread: true });
  return stop.at === 'seal' && stop.frame?.seal?.successorId === id;
}

function checkFile(
  { id, file, reading }: SegmentFile,
  journalId: string | undefined,
  halfMade: SoundSegment[],
  problems: Problem[],
): void {
  const at = (what: Problem['what'], offset = 0) => problems.push({ what, segment: id, offset });
  if (reading.state === 'newer') at('newer');
  if (reading.state === 'contradiction') at('link');
  if (reading.state !== 'sound' || halfMade.some((one) => one.id === id)) return;
  const { header } = reading;
  if (header.segmentId !== id || header.journalId !== journalId) at('link');
  for (const copy of reading.badCopies) at('header', copy * header.blockSize);
  for (const start of [0, header.blockSize]) {
    const rest = file.subarray(start + copyBytes, start + header.blockSize);
    const dirty = rest.findIndex((value) => value !== 0);
    if (dirty >= 0) at('padding', start + copyBytes + dirty);
  }
}

/** Rows V to Y: a file whose header is all zero, cut off or damaged. */
export function isDamagedFile(
  { file, reading }: SegmentFile,
  isNamed: boolean,
  isFirst: boolean,
): boolean {
  if (reading.state !== 'none') return false;
  const isCutOff = isFirst && file.length < 2 * copyBytes && !isZero(file);
  return isNamed || isCutOff || !isZero(file, Math.min(2 * copyBytes, file.length));
}
