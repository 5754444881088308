// Bytes that come one by one, into a checkpoint and out of it, in bounded memory.

import { byteLengthOf, checkBytes } from '../arguments';
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

/** Gathers small chunks, so that the disk's threads are called once a mebibyte. */
class Gathering {
  readonly #stream: NativeCheckpointStream;
  readonly #onProgress: ((progress: CheckpointProgress) => void) | undefined;
  readonly #piece = Buffer.allocUnsafeSlow(pieceBytes);
  #used = 0;
  #bytes = 0;

  constructor(
    stream: NativeCheckpointStream,
    onProgress: ((progress: CheckpointProgress) => void) | undefined,
  ) {
    this.#stream = stream;
    this.#onProgress = onProgress;
  }

  /** The generation that covers the save by now, if any. */
  async add(chunk: Uint8Array): Promise<number | undefined> {
    const length = byteLengthOf(chunk);
    for (let at = 0; at < length; ) {
      const taken = Math.min(length - at, pieceBytes - this.#used);
      this.#piece.set(chunk.subarray(at, at + taken), this.#used);
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
    const covered = await operate<number | undefined>((operation) =>
      this.#stream.write(operation, piece),
    );
    this.#bytes += this.#used;
    this.#used = 0;
    this.#onProgress?.({ bytes: this.#bytes });
    return covered;
  }
}

/** Writes the chunks of `source` and syncs them; a number when a later save covers them already. */
async function write(
  stream: NativeCheckpointStream,
  source: AsyncIterable<Uint8Array>,
  onProgress: ((progress: CheckpointProgress) => void) | undefined,
): Promise<number | undefined> {
  const gathering = new Gathering(stream, onProgress);
  for await (const chunk of source) {
    const covered = await gathering.add(checkBytes('a chunk of the stream', chunk));
    if (covered !== undefined) return covered;
  }
  const covered = await gathering.flush();
  if (covered !== undefined) return covered;
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
  const stream = await operate<NativeCheckpointStream>((operation) =>
    native.begin(operation, ticket, saving),
  );
  try {
    const covered = await write(stream, source, onProgress);
    if (covered !== undefined) return { generation: covered, overtaken: true };
    await publishAfter;
    return await operate<NativeSaved>((operation) => stream.publish(operation));
  } finally {
    await operate<void>((operation) => stream.abandon(operation));
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
