// What Checkpoint takes and gives.

import type { Codec, StandardSchemaV1 } from '../codec/index';
import type { TidemarkError } from '../errors';

/** Options of `Checkpoint.open`. */
export interface CheckpointOptions<T> {
  /**
   * How the value becomes bytes. Recorded with every generation: left out later it is the recorded
   * one, another one is `ERR_TIDEMARK_MISMATCH`. Default 'msgpack'.
   */
  codec?: 'msgpack' | 'json' | 'binary' | Codec<T>;
  /** Validates, synchronously, what is saved and what was loaded (and migrated): `ERR_TIDEMARK_SCHEMA`. */
  schema?: StandardSchemaV1<T>;
  /**
   * The version of the program's own value, recorded with every generation: an integer from 0 to
   * 4,294,967,295, default 1. A generation of a higher one is `ERR_TIDEMARK_VERSION`, and so is one of a
   * lower one without `migrate`.
   */
  version?: number;
  /** Makes a value of this version of one that was saved with a lower one. */
  migrate?: (value: unknown, version: number) => T;
  /** How many generations stay in the directory, 1 to 1,000. Default 2. */
  keep?: number;
  /** Mode of the files, not subject to the umask. Default 0o600. */
  mode?: number;
  /** Takes no lock, creates and changes nothing, and may be open beside a writer. Default false. */
  readOnly?: boolean;
}

/** The journal that a checkpoint reflects. */
export interface CheckpointJournal {
  /** `journal.id`: 32 hexadecimal digits. */
  readonly id: string;
  /** `journal.epoch`: 16 hexadecimal digits. */
  readonly epoch: string;
}

/** How far a save has come. */
export interface CheckpointProgress {
  /** Of the encoded value, written so far. */
  readonly bytes: number;
}

/** Options of `Checkpoint.save`. */
export interface CheckpointSaveOptions {
  /** The seq of the last record that the value reflects. Default 0. */
  coveredSeq?: number;
  /** The journal that this seq is of. */
  journal?: CheckpointJournal;
  /** Called after every write: with a stream about every mebibyte, with a value once. */
  onProgress?: (progress: CheckpointProgress) => void;
}

/** What is recorded beside the value. */
export interface CheckpointFacts {
  /** Counts up with every save; 1 is the first. */
  readonly generation: number;
  readonly coveredSeq: number;
  /** Present when it was given to the save. */
  readonly journal?: CheckpointJournal;
}

/** A value that was loaded. */
export interface LoadedCheckpoint<T> extends CheckpointFacts {
  readonly value: T;
}

/** A value that was loaded as the bytes that the codec made of it. */
export interface StreamedCheckpoint extends CheckpointFacts {
  /** May be read once. Every chunk is verified before it is given; rejects with `ERR_TIDEMARK_CORRUPT`. */
  readonly stream: AsyncIterable<Uint8Array>;
}

/** A generation that a lenient load did not take. */
export interface RejectedCheckpoint {
  readonly generation?: number;
  /** Its path. */
  readonly file: string;
  readonly reason: string;
}

/** A value that was loaded leniently. */
export interface LenientCheckpoint<T> extends LoadedCheckpoint<T> {
  /** Newer generations that are damaged, the newest first. Empty when the newest was taken. */
  readonly rejected: readonly RejectedCheckpoint[];
}

/** What the header of a generation says. */
export interface CheckpointHeader extends CheckpointFacts {
  /** The program's own version of the value. */
  readonly version: number;
  readonly codec: { readonly name: string; readonly version: number };
  readonly savedAt: Date;
  /** Of the encoded value. */
  readonly valueBytes: number;
  /** Of the file. */
  readonly bytes: number;
}

/** One generation of a checkpoint. */
export interface CheckpointGeneration {
  readonly generation: number;
  /** Its path. */
  readonly file: string;
  /** Absent when it cannot be read. */
  readonly header?: CheckpointHeader;
  /** Why it cannot be read. */
  readonly problem?: TidemarkError;
}
