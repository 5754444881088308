import { checkBoolean, checkInteger, checkOptions, checkPath } from '../arguments';
import { operate, runtime } from '../runtime';
import type { VerifyReport } from './report';

/** Options of {@link verify}. */
export interface VerifyOptions {
  /** List every frame of every segment. Default false. */
  frames?: boolean;
  /** Read and check every record. Default true; false checks the structure only. */
  bodies?: boolean;
  /** A seq known to have been durable: a log that ends below it has a problem, not a torn tail. */
  expectSeq?: number;
}

/**
 * Reads everything of a journal and says what is wrong with it. Changes nothing and takes no lock;
 * beside a live writer it stops at the watermark. Damage is in the report.
 *
 * @param dir The directory of the journal.
 * @throws `ERR_TIDEMARK_IO` when the directory cannot be read; `ERR_TIDEMARK_VERSION` for the journal
 * of a newer tidemark.
 */
export async function verify(dir: string, options?: VerifyOptions): Promise<VerifyReport> {
  const path = checkPath('dir', dir);
  const asked = checkOptions<VerifyOptions>('verify', options, ['frames', 'bodies', 'expectSeq']);
  const { frames = false, bodies = true, expectSeq } = asked;
  checkBoolean('frames', frames);
  checkBoolean('bodies', bodies);
  if (expectSeq !== undefined) checkInteger('expectSeq', expectSeq, 0);
  return operate<VerifyReport>((operation) =>
    runtime().verify(operation, path, {
      frames,
      bodies,
      ...(expectSeq !== undefined && { expectSeq }),
    }),
  );
}
