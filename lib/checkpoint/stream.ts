// Bytes that come one by one, into a checkpoint and out of it, in bounded memory.

import { byteLengthOf, checkBytes, viewOf } from '../arguments';
import type {
  NativeCheckpoint,
  NativeCheckpointReader,
  NativeCheckpointSaving,
  NativeCheckpointStream,
  NativeSaved,
} from '../binding';
import { operate } from '../runtime';
import type { CheckpointProgress } from './options';

const pieceBytes = 1024 * 1024; // a chunk of the file

/** Begins the file, once. */
type Begin = () => Promise<NativeCheckpointStream>;

/** Gathers small chunks, so that the disk's threads are called once a mebibyte. */
class Gathering {
  readonly #begin: Begin;
  readonly #onProgress: ((progress: CheckpointProgress) => void) | undefined;
  readonly #piece = Buffer.allocUnsafeSlow(pieceBytes);
  #used = 0;
  #bytes = 0;

  constructor(begin: Begin, onProgress: ((progress: CheckpointProgress) => void) | undefined) {
    this.#begin = begin;
    this.#onProgress = onProgress;
  }

  /** The generation that covers the save by now, if any. */
  async add(chunk: Uint8Array): Promise<number | undefined> {
    const length = byteLengthOf(chunk);
    for (let at = 0; at < length; ) {
      const taken = Math.min(length - at, pieceBytes - this.#used);
      this.#piece.set(viewOf(chunk, at, at + taken), this.#used);
      this.#used += taken;
      at += taken;
      if (this.#used === pieceBytes) {
        const covered = await this.flush();
        if (covered !== undefined) return covered;
      }
    }
    return undefined;
  }

  async flush(): Promise<number | undefined> {
    if (this.#used === 0) return undefined;
    const piece = this.#piece.subarray(0, this.#used);
    const stream = await this.#begin();
    const covered = await operate<number | undefined>((operation) =>
      stream.write(operation, piece),
    );
    this.#bytes += this.#used;
    this.#used = 0;
    this.#onProgress?.({ bytes: this.#bytes });
    return covered;
  }
}

/** Writes the chunks of `source` and syncs them; a number when a later save covers them already. */
async function write(
  begin: Begin,
  source: AsyncIterable<Uint8Array>,
  onProgress: ((progress: CheckpointProgress) => void) | undefined,
): Promise<number | undefined> {
  const gathering = new Gathering(begin, onProgress);
  // Whatever fails in here closes the source.
  for await (const chunk of source) {
    const covered = await gathering.add(checkBytes('a chunk of the stream', chunk));
    if (covered !== undefined) return covered;
  }
  const covered = await gathering.flush();
  if (covered !== undefined) return covered;
  const stream = await begin();
  return operate<number | undefined>((operation) => stream.finish(operation));
}

/** What a stream needs to know about its place among the saves. */
export interface StreamSave {
  ticket: number;
  saving: NativeCheckpointSaving;
  onProgress?: ((progress: CheckpointProgress) => void) | undefined;
  /** The generation gets its name only after this. */
  publishAfter?: Promise<unknown> | undefined;
}

export async function saveStream(
  native: NativeCheckpoint,
  source: AsyncIterable<Uint8Array>,
  { ticket, saving, onProgress, publishAfter }: StreamSave,
): Promise<NativeSaved> {
  let begun: Promise<NativeCheckpointStream> | undefined;
  const begin = () => {
    begun ??= operate((operation) => native.begin(operation, ticket, saving));
    return begun;
  };
  try {
    const covered = await write(begin, source, onProgress);
    if (covered !== undefined) return { generation: covered, overtaken: true };
    await publishAfter;
    const stream = await begin();
    return await operate<NativeSaved>((operation) => stream.publish(operation));
  } finally {
    // Nothing is left of what was not published.
    const stream = await begun?.catch(() => undefined);
    if (stream !== undefined) await operate<void>((operation) => stream.abandon(operation));
  }
}

/** The body of a generation, verified chunk by chunk. */
export async function* chunksOf(reader: NativeCheckpointReader): AsyncGenerator<Buffer, void> {
  try {
    while (true) {
      const chunk = await operate<Buffer | undefined>((operation) => reader.read(operation));
      if (chunk === undefined) return;
      yield chunk;
    }
  } finally {
    reader.release();
  }
}

/** Verifies all of it. */
export async function readThrough(reader: NativeCheckpointReader): Promise<void> {
  const chunks = chunksOf(reader);
  while (!(await chunks.next()).done);
}
