// Reading a whole file of the user's on the disk of the running code; node:fs knows only the system's.

import { operate, runtime } from '../runtime';

/** @throws `ERR_TIDEMARK_IO` */
export function readFile(path: string): Promise<Buffer> {
  return operate<Buffer>((operation) => runtime().readFile(operation, path));
}
