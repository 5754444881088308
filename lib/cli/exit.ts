// What a command's end means to the shell: exit codes, and errors as one sentence with their code.
// The numbers 64 and above are those of BSD's sysexits.h; 130 and 143 are 128 + the signal.

import { TidemarkError, type TidemarkErrorCode } from '../errors';

export const Exit = {
  ok: 0,
  /** `verify`: the journal ends in bytes that were never promised. */
  tornTail: 1,
  /** Bytes that were promised are damaged; also a demonstration whose proof does not hold. */
  corrupt: 2,
  /** There is nothing that could be read. */
  unreadable: 3,
  usage: 64,
  badData: 65,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  io: 74,
  tryLater: 75,
  interrupted: 130,
  terminated: 143,
} as const;

/** An error of the command line itself: a sentence, its code, and the exit code that goes with it. */
export class CliError extends Error {
  readonly code: TidemarkErrorCode | undefined;

  /** @param options `code` where the sentence does not begin with that of its cause. */
  constructor(
    message: string,
    readonly exitCode: number,
    options: ErrorOptions & { code?: TidemarkErrorCode } = {},
  ) {
    super(message, options);
    this.name = 'CliError';
    this.code = options.code;
  }
}

/** There is nothing of the kind that was asked for. */
export function missingError(message: string, cause?: unknown): CliError {
  return new CliError(message, Exit.unreadable, { code: 'ERR_TIDEMARK_IO', cause });
}

export function usageError(message: string): CliError {
  return new CliError(message, Exit.usage);
}

const exitOfCode: Readonly<Record<TidemarkErrorCode, number>> = {
  ERR_TIDEMARK_APPLY: Exit.badData,
  ERR_TIDEMARK_BUSY: Exit.tryLater,
  ERR_TIDEMARK_CLOSED: Exit.software,
  ERR_TIDEMARK_CONFIG: Exit.usage,
  ERR_TIDEMARK_CONFLICT: Exit.tryLater,
  ERR_TIDEMARK_CORRUPT: Exit.corrupt,
  ERR_TIDEMARK_ENCODE: Exit.badData,
  ERR_TIDEMARK_EXISTS: Exit.cannotCreate,
  ERR_TIDEMARK_IO: Exit.io,
  ERR_TIDEMARK_LOCKED: Exit.tryLater,
  ERR_TIDEMARK_MISMATCH: Exit.badData,
  ERR_TIDEMARK_NATIVE_LOAD: Exit.unavailable,
  ERR_TIDEMARK_NO_SPACE: Exit.cannotCreate,
  ERR_TIDEMARK_POISONED: Exit.io,
  ERR_TIDEMARK_READ_ONLY: Exit.usage,
  ERR_TIDEMARK_SCHEMA: Exit.badData,
  ERR_TIDEMARK_TOO_LARGE: Exit.badData,
  ERR_TIDEMARK_TRUNCATED: Exit.badData,
  ERR_TIDEMARK_UNSUPPORTED: Exit.unavailable,
  ERR_TIDEMARK_VERSION: Exit.unavailable,
};

const argumentCodes: readonly unknown[] = [
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
];

/** The `code` of an error of any kind; undefined where it has none. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The code for what the system says, of a file that is the command line's own matter. */
function codeOfSystem(error: unknown): TidemarkErrorCode | undefined {
  if (!(error instanceof Error && 'syscall' in error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'ERR_TIDEMARK_NO_SPACE' : 'ERR_TIDEMARK_IO';
}

/** Whether an error says that a file or directory is not there. */
export function isMissing(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = codeOf(at);
    if (code === 'ENOENT' || code === 'ENOTDIR') return true;
  }
  return false;
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof TidemarkError) return exitOfCode[error.code];
  if (argumentCodes.includes(codeOf(error))) return Exit.usage;
  const system = codeOfSystem(error);
  if (system === undefined) return Exit.software;
  return isMissing(error) ? Exit.unreadable : exitOfCode[system];
}

/**
 * The same for a command that only reads: what cannot be read is one case, whatever prevents it. An
 * installation without its native part is no finding about what was to be read.
 */
export function exitCodeOfReading(error: unknown): number {
  const code = exitCodeOf(error);
  if (codeOf(error) === 'ERR_TIDEMARK_NATIVE_LOAD') return code;
  return code === Exit.io || code === Exit.unavailable ? Exit.unreadable : code;
}

/** One line for standard error. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof TidemarkError && error.code === 'ERR_TIDEMARK_LOCKED') return locked(error);
  const code = codeOfSystem(error) ?? codeOf(error);
  const message = error.message || error.name;
  const text = code === undefined || message.includes(code) ? message : `${code}: ${message}`;
  return error instanceof CliError || error instanceof TidemarkError
    ? text
    : text.split('\n', 1)[0] || error.name;
}

/** The options of the library are of no use in a shell; its commands are. */
function locked({ code, path, holder }: TidemarkError): string {
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since.toISOString()},`;
  return (
    `${code}: ${who} has ${path ?? 'the journal'} open for writing: end that process or wait for it, ` +
    'then try again. "tidemark cat", "verify", "inspect" and "snapshot" work beside it.'
  );
}
