import { throwIfAborted } from '../abort';
import { checkBytes, checkInteger, checkOptions, checkPath, checkSignal } from '../arguments';
import { operate, runtime } from '../runtime';

const fileMode = 0o600;
const mostMode = 0o777;

/** Options of {@link writeFileAtomic}. */
export interface WriteFileAtomicOptions {
  /** Mode of the file, not subject to the umask. Default 0o600. */
  mode?: number;
  /** Before the writing has begun an abort rejects with an `AbortError`; later it has no effect. */
  signal?: AbortSignal;
}

/**
 * Replaces a file, or makes it: after a crash at any moment it has either its old content or all of
 * the new. Writes a temporary file beside it, syncs it, renames it and syncs the directory. The new
 * content is durable when the promise resolves, and no other file is left behind. A symbolic link at
 * `path` is replaced, not followed. The data is copied before the call returns.
 *
 * @throws `ERR_TIDEMARK_IO` or `ERR_TIDEMARK_NO_SPACE`; the old file then stands.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options?: WriteFileAtomicOptions,
): Promise<void> {
  const target = checkPath('path', path);
  const asked = checkOptions<WriteFileAtomicOptions>('writeFileAtomic', options, [
    'mode',
    'signal',
  ]);
  const { mode = fileMode } = asked;
  checkInteger('mode', mode, 0, mostMode);
  const signal = checkSignal(asked.signal);
  const bytes = typeof data === 'string' ? Buffer.from(data) : checkBytes('data', data);
  throwIfAborted(signal);
  await operate((operation) => runtime().writeFileAtomic(operation, target, bytes, mode));
}
