// What a journal counts.

/** A distribution; every value is known within 6.25 %. */
export interface Histogram {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  /** Filled buckets, ascending: how many values lie at or below `upTo` and above the one before. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
}

/** Counters of a journal in this process, since it was opened; all its handles share them. */
export interface JournalStats {
  /** Records committed. */
  readonly records: number;
  readonly commits: number;
  readonly syncs: number;
  /** Watermark frames written after a pause. */
  readonly marks: number;
  /** New segments begun. */
  readonly rotations: number;
  /** Records accepted and then rejected. */
  readonly rejected: number;
  /** Handed to the system: frames, headers, seals. */
  readonly bytesWritten: number;
  /** Of the records alone. */
  readonly payloadBytes: number;
  /** Headers and frames of all live segments, up to the tail. */
  readonly bytesUsed: number;
  /** Accepted and not yet written. */
  readonly pendingBytes: number;
  readonly pendingRecords: number;
  readonly segments: number;
  /** Open handles of this process. */
  readonly handles: number;
  /** How the disk is written, and why so. */
  readonly mode: {
    readonly direct: boolean;
    /** The system call that makes a commit durable; 'none' in a read-only journal. */
    readonly sync: string;
    /** Of offsets and sizes of writes, in bytes. */
    readonly alignment: number;
    readonly why: string;
  };
  /** The kernel that computes the checksums. */
  readonly crc32cKernel: string;
  /** Records per commit. */
  readonly commitSize: Histogram;
  /** Nanoseconds from taking a commit to its end. */
  readonly commitLatency: Histogram;
  /** Nanoseconds per sync. */
  readonly syncLatency: Histogram;
}

/** A live segment. */
export interface SegmentInfo {
  readonly id: number;
  /** 16 hexadecimal digits. */
  readonly epoch: string;
  readonly firstSeq: number;
  /** `firstSeq - 1` when it has no record. */
  readonly lastSeq: number;
  /** Headers and frames, and seal and index of a sealed one. */
  readonly bytes: number;
  /**
   * Over the header checksums of its frames, 16 hexadecimal digits: equal digests are equal segments.
   * '' for the unsealed segment of a read-only journal.
   */
  readonly digest: string;
  /** It will not change any more. */
  readonly sealed: boolean;
}

const noValues: Histogram = {
  count: 0,
  min: 0,
  max: 0,
  mean: 0,
  p50: 0,
  p90: 0,
  p99: 0,
  p999: 0,
  buckets: [],
};

/** A read-only journal writes nothing: only what it sees is counted. */
export function readOnlyStats(
  segments: readonly SegmentInfo[],
  crc32cKernel: string,
): JournalStats {
  return {
    records: 0,
    commits: 0,
    syncs: 0,
    marks: 0,
    rotations: 0,
    rejected: 0,
    bytesWritten: 0,
    payloadBytes: 0,
    bytesUsed: segments.reduce((sum, segment) => sum + segment.bytes, 0),
    pendingBytes: 0,
    pendingRecords: 0,
    segments: segments.length,
    handles: 1,
    mode: { direct: false, sync: 'none', alignment: 1, why: 'read-only' },
    crc32cKernel,
    commitSize: noValues,
    commitLatency: noValues,
    syncLatency: noValues,
  };
}
