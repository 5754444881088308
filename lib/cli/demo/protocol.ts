// What the writer process tells its parent: JSON, one message a line, on its standard output.

import type { RecoveryReport } from '../../recovery/index';

/** What the demonstration records of each file. */
export interface FileRecord {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** Lower-case hex; absent when the file could not be read. */
  readonly sha256?: string;
  /** Why it could not be read. */
  readonly error?: string;
}

/** Milliseconds since the process began. */
export interface Times {
  /** In all worker threads together. */
  readonly hashing: number;
  readonly encoding: number;
  /** While at least one append was on its way to the disk. */
  readonly disk: number;
}

export type Message =
  | {
      readonly kind: 'opened';
      readonly recovery: RecoveryReport;
      /** The whole of Journal.open, and reading back what is done. */
      readonly openMs: number;
      readonly readMs: number;
      readonly records: number;
    }
  | {
      readonly kind: 'acknowledged';
      readonly records: readonly (readonly [seq: number, path: string])[];
      readonly times: Times;
    }
  | { readonly kind: 'done'; readonly times: Times };

export interface WriterTask {
  readonly journal: string;
  readonly tree: string;
  /** Only so many files, in the order of the walk. */
  readonly files: number;
}

export const application = 'tidemark-demo';
