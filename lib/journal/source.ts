// What reading needs of an open journal, whether it writes or only reads.

import type { NativeReader } from '../binding';
import type { SkippedRange } from '../recovery/report';
import type { RecordDecoder } from './record-decoder';

export interface RecordSource {
  readonly decoder: RecordDecoder;
  /** Step over damage, and tell. */
  readonly skip: boolean;
  readonly onSkip: ((range: SkippedRange) => void) | undefined;
  /** Seq of the journal's first record ever. */
  readonly startSeq: number;
  /** Oldest record that may be read. */
  readonly firstSeq: number;
  /** Newest record that may be read: everything up to it is durable. */
  readonly shownSeq: number;
  readonly closed: boolean;
  /** Throws when the journal is closed. */
  checkOpen(): void;
  makeReader(): NativeReader;
  /** Learns what other processes wrote; nothing to do for the writer itself. */
  refresh(): Promise<void>;
  /** Resolves when a record behind `seq` may be read, or when the journal is closed. */
  beyond(seq: number, signal: AbortSignal | undefined): Promise<void>;
}
