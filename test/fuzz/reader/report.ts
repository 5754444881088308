// What the reader says of a journal.
import type { Place } from './frame.ts';
import type { CursorMark } from './marks.ts';
import type { Damage, Walk } from './stream.ts';
import type { Outcome } from './tail.ts';

export interface Problem {
  what: Damage['what'] | 'header' | 'index' | 'link' | 'missing' | 'head' | 'cursor' | 'newer';
  segment: bigint;
  offset: number;
}

export interface ReadRecord {
  seq: bigint;
  usesDictionary: boolean;
  bytes: Uint8Array;
  /** The stored content hash is not that of the bytes. */
  isHashWrong: boolean;
}

export interface LiveSegment extends Place {
  id: bigint;
  walk: Walk;
}

export interface Reading {
  outcome: Outcome | 'none';
  /** The letter that decided about the tail; absent where there is no tail to decide about. */
  row: string | undefined;
  problems: Problem[];
  tail: 'clean' | 'torn' | 'undecidable';
  /** Where the next writing open cuts; only of a torn or undecidable tail. */
  cut: { segment: bigint; offset: number } | undefined;
  /** Every record that is sound, damage stepped over. */
  records: ReadRecord[];
  firstSeq: bigint;
  lastSeq: bigint;
  /** Name and version of the recorded codec. */
  codec: string | undefined;
  segments: LiveSegment[];
  cursors: CursorMark[];
  foreign: string[];
}
