import { checkPath } from '../arguments';
import { operate, runtime } from '../runtime';

/**
 * Makes the entries of a directory durable: files that were created, renamed or removed in it stay
 * so after a power cut. (On Windows, where there is no such call, NTFS's journal does this.)
 *
 * @throws `ERR_TIDEMARK_IO`.
 */
export async function syncDirectory(path: string): Promise<void> {
  const directory = checkPath('path', path);
  await operate((operation) => runtime().syncDirectory(operation, directory));
}
