// What the writer process tells its parent: JSON, one message a line, on its standard output; and how
// a file stands in the scan.

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

/** What a mark keeps of a file that was hashed. */
export type Detail = Omit<FileRecord, 'path' | 'error'>;

export function detailOf({ sha256, size, mtimeMs }: FileRecord): string {
  return JSON.stringify({ ...(sha256 !== undefined && { sha256 }), size, mtimeMs });
}

/** Milliseconds since the process began. */
export interface Times {
  /** In all worker threads together. */
  readonly hashing: number;
  /** Making records of marks, and handing them over. */
  readonly encoding: number;
  /** While at least one mark was on its way to the disk. */
  readonly disk: number;
}

export type Message =
  | {
      readonly kind: 'opened';
      readonly recovery: RecoveryReport;
      /** The whole of Scan.open, which reads back what is done. */
      readonly openMs: number;
      /** Files that were marked before. */
      readonly found: number;
    }
  | { readonly kind: 'acknowledged'; readonly paths: readonly string[]; readonly times: Times }
  | { readonly kind: 'done'; readonly times: Times };

export interface WriterTask {
  /** Directory of the scan. */
  readonly scan: string;
  readonly tree: string;
  /** Only so many files, in the order of the walk. */
  readonly files: number;
}

export const scanId = 'tidemark-demo';
