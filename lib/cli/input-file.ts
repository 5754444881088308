// A file that a command reads, opened so that a signal can end the reading: also a pipe that nobody
// writes to.

import {
  constants,
  createReadStream,
  close as fsClose,
  fstat as fsFstat,
  open as fsOpen,
} from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { CliError, codeOf, Exit, missingError } from './exit';
import { chunksUntil } from './input';

const [open, fstat, close] = [promisify(fsOpen), promisify(fsFstat), promisify(fsClose)];
const newline = 0x0a;

/** What is wrong with the file itself, in the words of the command line. */
function readError(file: string, error: unknown): CliError {
  const reason = codeOf(error);
  if (reason === 'ENOENT' || reason === 'ENOTDIR') {
    return missingError(`There is no file ${file}.`, error);
  }
  return new CliError(`${file} cannot be read: ${(error as Error).message}`, Exit.io, {
    code: 'ERR_TIDEMARK_IO',
    cause: error,
  });
}

async function openFile(file: string): Promise<Readable> {
  // A pipe without a writer would keep a thread, which even the end of the process waits for.
  const descriptor = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await fstat(descriptor);
    return stats.isFIFO()
      ? new Socket({ fd: descriptor, readable: true, writable: false })
      : createReadStream(file, { fd: descriptor });
  } catch (error) {
    await close(descriptor);
    throw error;
  }
}

/** The chunks of a file, until its end or `stop`; what was read by then still comes. */
export async function* chunksOfFile(file: string, stop: AbortSignal): AsyncGenerator<Buffer> {
  try {
    const stream = await openFile(file);
    try {
      yield* chunksUntil(stream, stop);
    } finally {
      stream.destroy();
    }
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? readError(file, error) : error;
  }
}

/** The same without the beginning of a line that `stop` cut off. */
export async function* linesOfFile(file: string, stop: AbortSignal): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  for await (const chunk of chunksOfFile(file, stop)) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end === 0) {
      begun.push(chunk);
      continue;
    }
    yield* begun;
    yield chunk.subarray(0, end);
    begun = [chunk.subarray(end)];
  }
  if (!stop.aborted) yield* begun;
}
