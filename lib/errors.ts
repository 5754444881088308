// The one error class of tidemark and its stable codes.
// Every code has a paragraph in docs/errors.md: what happened, what is safe, what to do.

/** Every `code` that a {@link TidemarkError} can have. */
export type TidemarkErrorCode =
  | 'ERR_TIDEMARK_APPLY'
  | 'ERR_TIDEMARK_BUSY'
  | 'ERR_TIDEMARK_CLOSED'
  | 'ERR_TIDEMARK_CONFIG'
  | 'ERR_TIDEMARK_CONFLICT'
  | 'ERR_TIDEMARK_CORRUPT'
  | 'ERR_TIDEMARK_ENCODE'
  | 'ERR_TIDEMARK_EXISTS'
  | 'ERR_TIDEMARK_IO'
  | 'ERR_TIDEMARK_LOCKED'
  | 'ERR_TIDEMARK_MISMATCH'
  | 'ERR_TIDEMARK_NATIVE_LOAD'
  | 'ERR_TIDEMARK_NO_SPACE'
  | 'ERR_TIDEMARK_POISONED'
  | 'ERR_TIDEMARK_READ_ONLY'
  | 'ERR_TIDEMARK_SCHEMA'
  | 'ERR_TIDEMARK_TOO_LARGE'
  | 'ERR_TIDEMARK_TRUNCATED'
  | 'ERR_TIDEMARK_UNSUPPORTED'
  | 'ERR_TIDEMARK_VERSION';

/** The process that holds a lock, as far as the lock file names it. */
export interface ProcessIdentity {
  /** Process id, on `host`. */
  readonly pid: number;
  /** Opaque; another process with the same pid has another one. '' when unknown. */
  readonly startTime: string;
  /** Opaque; changes when the machine is booted. '' when unknown. */
  readonly bootId: string;
  /** Name of the machine. */
  readonly host: string;
  /** When the lock was taken. */
  readonly since: Date;
}

/** One thing that a schema found wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  /** Where in the value; absent for the value itself. */
  readonly path?: readonly PropertyKey[];
}

/** Where the error was met; each field is present only where it applies. */
export interface TidemarkErrorDetails {
  /** The file or directory. */
  path?: string;
  /** The id of the segment. */
  segment?: number;
  /** Byte offset in the segment. */
  offset?: number;
  /** The record. */
  seq?: number;
  /** First record of the damaged or refused range. */
  fromSeq?: number;
  /** Last record of that range, inclusive. */
  toSeq?: number;
  /** With `ERR_TIDEMARK_LOCKED`: who holds the lock. */
  holder?: ProcessIdentity;
  /** With a rejected append: 'not-written' only when the next open provably cannot find it. */
  outcome?: 'not-written' | 'unknown';
  /** With `ERR_TIDEMARK_SCHEMA`: what the schema found. */
  issues?: readonly SchemaIssue[];
  /** The letter of the row of docs/recovery.md that decided. */
  row?: string;
  /** In a text, with `ERR_TIDEMARK_CONFIG`: both from 1. */
  line?: number;
  column?: number;
  cause?: unknown;
}

/**
 * The error of everything that tidemark itself refuses or fails to do. Wrong arguments are `TypeError`
 * and `RangeError` with Node's own codes; an abort is an `AbortError`.
 */
export class TidemarkError extends Error {
  readonly code: TidemarkErrorCode;
  declare readonly path?: string;
  declare readonly segment?: number;
  declare readonly offset?: number;
  declare readonly seq?: number;
  declare readonly fromSeq?: number;
  declare readonly toSeq?: number;
  declare readonly holder?: ProcessIdentity;
  declare readonly outcome?: 'not-written' | 'unknown';
  declare readonly issues?: readonly SchemaIssue[];
  declare readonly row?: string;
  declare readonly line?: number;
  declare readonly column?: number;

  constructor(code: TidemarkErrorCode, message: string, details: TidemarkErrorDetails = {}) {
    const { cause, ...fields } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    // Absent fields stay absent: an error that prints `seq: undefined` reads as if it were known.
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined) Object.assign(this, { [key]: value });
    }
  }
}

// On the prototype, like the names of the built-in errors, so that it is no own property.
Object.defineProperty(TidemarkError.prototype, 'name', {
  value: 'TidemarkError',
  configurable: true,
  writable: true,
});
