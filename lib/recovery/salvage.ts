import { checkBoolean, checkInteger, checkOptions, checkPath } from '../arguments';
import { operate, runtime } from '../runtime';
import type { SalvageReport } from './report';

const fileMode = 0o600;
const mostMode = 0o777;

/** Options of {@link salvage}. */
export interface SalvageOptions {
  /** Mode of the files of the new journal. Default 0o600. */
  mode?: number;
  /** Write to a network file system as well. Default false. */
  allowNetwork?: boolean;
}

/**
 * Copies every record that can be read to a new journal. Each keeps its seq; lost seqs become gaps,
 * and the damaged bytes are kept in `<outDir>/quarantine`. The source is locked against a writer while
 * it is read, and not changed. Everything is durable when the promise resolves, and the new journal
 * opens for writing.
 *
 * @param dir The directory of the damaged journal.
 * @param outDir Created; one that is not empty is `ERR_TIDEMARK_EXISTS`.
 */
export async function salvage(
  dir: string,
  outDir: string,
  options?: SalvageOptions,
): Promise<SalvageReport> {
  const path = checkPath('dir', dir);
  const out = checkPath('outDir', outDir);
  const asked = checkOptions<SalvageOptions>('salvage', options, ['mode', 'allowNetwork']);
  const { mode = fileMode, allowNetwork = false } = asked;
  checkInteger('mode', mode, 0, mostMode);
  checkBoolean('allowNetwork', allowNetwork);
  return operate<SalvageReport>((operation) =>
    runtime().salvage(operation, path, out, { mode, allowNetwork }),
  );
}
