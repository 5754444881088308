// The options of Journal.open, for users. open-options.ts checks them.

import type { Codec, ContentHash, StandardSchemaV1 } from '../codec/index';
import type { SkippedRange } from '../recovery/report';

/**
 * When an append resolves.
 * - `'commit'`: when the record and everything in front of it is on stable storage.
 * - `{ intervalMs }`: when the operating system has the bytes; they reach stable storage within the
 *   interval, also when nothing more is appended. A crash of the process loses nothing, a power cut
 *   at most the last interval. 1 to 3,600,000 milliseconds.
 * - `'os'`: the same with an interval of one second.
 */
export type Durability = 'commit' | 'os' | { readonly intervalMs: number };

/** Options of `Journal.open`. */
export interface JournalOptions<T> {
  /**
   * How values become bytes: 'msgpack' (default for a new journal), 'json', 'binary' (`Uint8Array`
   * values), `msgpack(options)`, or your own. Recorded at creation; left out later it is taken from
   * the journal (your own must be given again), another one is `ERR_TIDEMARK_MISMATCH`.
   */
  codec?: 'msgpack' | 'json' | 'binary' | Codec<T>;
  /**
   * A digest of each record's encoded bytes, stored with it and verified by every read (a mismatch is
   * `ERR_TIDEMARK_CORRUPT`). Default for a new journal 'none'. Recorded like `codec`.
   */
  contentHash?: 'none' | 'sha256' | ContentHash;
  /** A tag, so that an audit log is not opened as an event store; at most 64 bytes. Recorded. */
  application?: string;
  /** Seq of the first record, 1 to 2^53 - 1. Default 1. Recorded. */
  startSeq?: number;
  /**
   * A Standard Schema (zod, valibot, arktype, …) that every value must fit before it is appended;
   * what it gives is stored. A misfit is `ERR_TIDEMARK_SCHEMA` with `issues`. It must validate
   * synchronously. Not applied to what is read.
   */
  schema?: StandardSchemaV1<T>;
  /**
   * Of this handle's appends; each may choose another. Left out it is the one that the open which
   * began the writer named, by default 'commit'.
   */
  durability?: Durability;
  /** Size of a segment file in bytes, 65,536 to 4 GiB. Default 64 MiB, reached by growing from 1 MiB. */
  segmentBytes?: number;
  /** Most encoded bytes of one record, 1 byte to 256 MiB. Default 16 MiB. Bounds writing only. */
  maxRecordBytes?: number;
  /**
   * Most bytes accepted and not yet written, 1 to 2^53 - 1. Default 256 MiB; beyond it is
   * `ERR_TIDEMARK_BUSY`, and a record or batch that is larger by itself `ERR_TIDEMARK_TOO_LARGE`.
   * `writable` is false above half of it, or 16 MiB where that is less. An append whose promise is pending counts 512 bytes more, which is what it
   * costs in memory.
   */
  maxPendingBytes?: number;
  /** Limits of one commit. A batch of `appendBatch` is one commit whatever they are. */
  commit?: {
    /** Bytes, 1 to 256 MiB. Default 4 MiB. */
    maxBytes?: number;
    /** Records, 1 to 1,048,576. Default 65,536. */
    maxRecords?: number;
    /**
     * Milliseconds, 0 to 1,000, that a commit waits for more records. Default 0: records that come
     * while a commit is written are the next one, so batching needs no waiting.
     */
    lingerMs?: number;
  };
  /**
   * Whole segments are released from the front, when a new one begins, as long as a limit is exceeded.
   * Named cursors hold what they have not processed.
   */
  retain?: {
    /** Bytes of all segments. */
    maxBytes?: number;
    /** Records. */
    maxRecords?: number;
    /** Age of a segment's last record, in milliseconds. */
    maxAgeMs?: number;
  };
  /**
   * Write past the page cache (O_DIRECT); `true` is `ERR_TIDEMARK_UNSUPPORTED` where the file system
   * refuses. Default 'auto': where such a write is durable by itself (O_DSYNC, on Linux), and the file
   * system is neither copy-on-write nor a network's. `stats().mode` tells.
   */
  directIO?: 'auto' | boolean;
  /**
   * 'block' starts every commit on a fresh block, for disks that may damage the old bytes of a block
   * when the power goes out while it is rewritten. Default 'none'.
   */
  padding?: 'none' | 'block';
  /**
   * Milliseconds of idleness, 0 to 60,000, after which a watermark is written that lets readers in
   * other processes, and a later recovery, know that everything is durable. Default 5.
   */
  idleMarkMs?: number;
  /** A seq known to have been durable: a log that ends below it is `ERR_TIDEMARK_CORRUPT`, not cut. */
  expectSeq?: number;
  /** Mode of the files, not subject to the umask. Default 0o600. */
  mode?: number;
  /** Open on NFS, SMB, 9p and the like, which is `ERR_TIDEMARK_UNSUPPORTED` otherwise. */
  allowNetwork?: boolean;
  /**
   * Take no lock, create and change nothing; may run beside the writer of another process. Everything
   * that would write is `ERR_TIDEMARK_READ_ONLY`. A missing directory is `ERR_TIDEMARK_IO`.
   */
  readOnly?: boolean;
  /** 'skip' steps over damaged records. Only with `readOnly`. Default 'throw'. */
  onCorruption?: 'throw' | 'skip';
  /** Called for every range that is stepped over. */
  onSkip?: (range: SkippedRange) => void;
}

/** Options of `append`. */
export interface AppendOptions {
  /** Default: the journal's. */
  durability?: Durability;
}

/** Options of `appendBatch`. */
export interface AppendBatchOptions extends AppendOptions {
  /** Write nothing, and reject with `ERR_TIDEMARK_CONFLICT`, unless this is the journal's last seq. */
  ifLastSeq?: number;
}

/** Options of `read` and `readBatches`. */
export interface ReadOptions {
  /** First seq, inclusive. Default: the oldest retained. */
  from?: number;
  /** Last seq, inclusive. Default: the newest durable one when the first value is asked for. */
  to?: number;
  /** From `to` down to `from`. Default false. */
  reverse?: boolean;
  /** Ends the reading with an `AbortError`. */
  signal?: AbortSignal;
}

/** Options of `follow`. */
export interface FollowOptions {
  /**
   * First seq; 'start' (default) for the oldest retained one, 'end' for the first that becomes durable
   * after the call.
   */
  from?: number | 'start' | 'end';
  /** Ends the following with an `AbortError`. */
  signal?: AbortSignal;
}

/** Options of `waitFor`. */
export interface WaitOptions {
  /** Ends the waiting with an `AbortError`; the record is not affected. */
  signal?: AbortSignal;
}
