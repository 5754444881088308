// The calls that a simulated disk lists and lets fail.

/** The kinds of calls, as `calls` lists them and `fail` takes them. */
export type DiskCallKind =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'mkdir'
  | 'readdir'
  | 'stat'
  | 'rename'
  | 'unlink'
  | 'syncDirectory'
  | 'lock';

/** One call that came to the disk. */
export interface DiskCall {
  readonly kind: DiskCallKind;
  readonly path: string;
  /** Of a read or write; of a truncate the new size. */
  readonly offset?: number;
  /** Of a read or write. */
  readonly bytes?: number;
}
