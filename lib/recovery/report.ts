// The reports of opens and of the offline tools. The addon fills them (native/addon/reports.cpp).

/** Records that are damaged and were stepped over. */
export interface SkippedRange {
  /** Id of the segment. */
  readonly segment: number;
  /** Byte offset of the damage in the segment. */
  readonly offset: number;
  readonly bytes: number;
  /** First and last seq that cannot be read, both inclusive. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** What is wrong, in one sentence. */
  readonly reason: string;
}

/** Bytes behind the last good commit that were never promised. */
export interface CutRange {
  /** Id of the segment. */
  readonly segment: number;
  /** Byte offset of the first byte that was cut. */
  readonly offset: number;
  readonly bytes: number;
  /** First and last seq that the cut bytes would have had, both inclusive, where they can be named. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
}

/** What an open found and did. */
export interface RecoveryReport {
  /**
   * 'created': there was no journal; 'clean': the last writer closed it; 'recovered': it did not, and
   * the unsealed segment was read and decided on.
   */
  readonly path: 'created' | 'clean' | 'recovered';
  /** How long the open took, in milliseconds. */
  readonly durationMs: number;
  /** Live segments. */
  readonly segments: number;
  /** The last record that is shown; 0 when there never was one. */
  readonly lastSeq: number;
  /**
   * Where the unsealed segment was read from. 'device' proves what a power cut would leave; 'cache': the
   * device has the mark of a clean close, which was written behind the last successful sync, or the
   * system does not let us past the cache.
   */
  readonly readFrom: 'device' | 'cache';
  /**
   * What is behind the last good commit. 'clean': zeros or the end of the file; 'torn': bytes that
   * cannot be a complete commit; 'undecidable': bytes as long as a commit should be, and wrong, so that
   * it may have been acknowledged after the last watermark was written.
   */
  readonly tail: 'clean' | 'torn' | 'undecidable';
  /** What was cut; absent when nothing was. */
  readonly cut?: CutRange;
  /** Files of the directory whose names are not tidemark's; they were left alone. */
  readonly foreign: readonly string[];
  /** Damage that was stepped over, with `onCorruption: 'skip'`. */
  readonly skipped: readonly SkippedRange[];
  /** The letter of the row of docs/recovery.md that decided about the tail. */
  readonly row?: string;
  /** Bytes that the open read. */
  readonly bytesRead: number;
  /** Copies of segment headers that are damaged beside a good other copy. */
  readonly badHeaderCopies: readonly { readonly segment: number; readonly copy: number }[];
}

/** One thing that is wrong with a journal. */
export interface VerifyProblem {
  /** The structure that is damaged; 'unreadable' when the disk did not give the bytes. */
  readonly kind:
    | 'header'
    | 'frame'
    | 'record'
    | 'padding'
    | 'seal'
    | 'index'
    | 'link'
    | 'missing'
    | 'head'
    | 'cursor'
    | 'unreadable';
  /** Id of the segment; 0 when it is not about one. */
  readonly segment: number;
  /** Byte offset in the file. */
  readonly offset: number;
  /** Records that cannot be read because of it, both inclusive; 0 and 0 when none. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /**
   * Offset of a byte in which one flipped bit explains the damage; absent when none does. Searched
   * in headers, tables, seals, indexes, marks, padding, and in records of up to 1 MiB; other damage
   * to a record of that length looks like one flipped bit once in 512 times.
   */
  readonly singleBitFlip?: number;
  readonly row?: string;
  /** One sentence. */
  readonly detail: string;
  /** The file. */
  readonly path: string;
}

/** A frame, as `verify` with `frames: true` lists it. */
export interface FrameLayout {
  readonly offset: number;
  readonly bytes: number;
  /** 1 commit, 2 mark, 3 seal, 4 gap; with 128 added, one that older readers may skip. */
  readonly type: number;
  readonly firstSeq: number;
  readonly records: number;
  /** Where the watermark stood when the frame was written: offset in the segment, and seq. */
  readonly watermarkOffset: number;
  readonly watermarkSeq: number;
}

/** A segment, as `verify` lists it. */
export interface SegmentLayout {
  readonly id: number;
  /** 16 hexadecimal digits. */
  readonly epoch: string;
  readonly path: string;
  /** Length of the file in bytes. */
  readonly fileBytes: number;
  /** Bytes that it occupies on the disk. */
  readonly allocatedBytes: number;
  /** Offset of the first frame. */
  readonly dataStart: number;
  /** Offset behind the last good frame. */
  readonly streamEnd: number;
  /** Headers, frames, seal and index, in bytes. */
  readonly usedBytes: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly records: number;
  /** Over the header checksums of its frames; 16 hexadecimal digits. */
  readonly digest: string;
  readonly sealed: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Only with `frames: true`. */
  readonly frames?: readonly FrameLayout[];
}

/** What was recorded when the journal was created. */
export interface RecordedFacts {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Of the newest segment; 16 hexadecimal digits. */
  readonly epoch: string;
  readonly codecName: string;
  readonly codecVersion: number;
  /** '' for none. */
  readonly hashName: string;
  readonly hashBytes: number;
  readonly application: string;
  readonly startSeq: number;
}

/** What `verify` found. */
export interface VerifyReport {
  /** True exactly when `problems` is empty and the tail is clean. */
  readonly ok: boolean;
  readonly tail: 'clean' | 'torn' | 'undecidable';
  /** What the next writing open would cut. */
  readonly torn?: CutRange;
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Headers and frames up to the tail, without zero-filled rest and spare files, in bytes. */
  readonly bytesUsed: number;
  /** The sum of the lengths of the files. */
  readonly bytesOnDisk: number;
  readonly segments: readonly SegmentLayout[];
  readonly problems: readonly VerifyProblem[];
  readonly foreign: readonly string[];
  /** Absent when no segment has a valid header. */
  readonly recorded?: RecordedFacts;
  /** The highest record that the files themselves prove to have been durable. */
  readonly watermarkSeq: number;
  /** A writer was alive, so that the check stopped at the watermark. */
  readonly besideWriter: boolean;
  readonly row?: string;
}

/** Records and bytes that `snapshot` or `salvage` wrote. */
export interface SnapshotReport {
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Bytes written. */
  readonly bytes: number;
  readonly segments: number;
}

/** What `salvage` saved and what it could not. */
export interface SalvageReport extends SnapshotReport {
  /** `records + lostRecords` is `lastSeq - firstSeq + 1`. */
  readonly lostRecords: number;
  /** The lost seqs, ascending; both ends inclusive. They are gaps in the new journal. */
  readonly lost: readonly { readonly fromSeq: number; readonly toSeq: number }[];
  /** Damaged bytes, kept in files of `<outDir>/quarantine`. */
  readonly quarantined: readonly {
    readonly segment: number;
    readonly offset: number;
    readonly bytes: number;
    readonly file: string;
  }[];
  readonly problems: readonly VerifyProblem[];
}
