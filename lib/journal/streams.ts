// Journals as Node streams and as web streams.

import { Readable, Writable } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';

/** Records that a stream lets wait before it asks the one in front to pause. */
const highWaterMark = 1024;

export function readableOf<R>(records: AsyncIterable<R>): Readable {
  return Readable.from(records, { objectMode: true });
}

export function readableStreamOf<R>(records: AsyncIterable<R>): ReadableStream<R> {
  const iterator = records[Symbol.asyncIterator]();
  return new ReadableStream<R>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** What a stream that writes needs of a journal. */
export interface Appending<T> {
  append(value: T): Promise<number>;
  sync(): Promise<number>;
}

interface Chunk<T> {
  chunk: T;
}

// A chunk is done when its record is acknowledged; those that come meanwhile are the next commit.
export function writableOf<T>(journal: Appending<T>): Writable {
  const settle = (work: Promise<unknown>, callback: (error?: Error | null) => void) => {
    work.then(
      () => callback(),
      (error: Error) => callback(error),
    );
  };
  return new Writable({
    objectMode: true,
    highWaterMark,
    write(chunk: T, _encoding, callback) {
      settle(journal.append(chunk), callback);
    },
    writev(chunks: Chunk<T>[], callback) {
      settle(Promise.all(chunks.map(({ chunk }) => journal.append(chunk))), callback);
    },
    final(callback) {
      settle(journal.sync(), callback);
    },
  });
}

export function writableStreamOf<T>(journal: Appending<T>): WritableStream<T> {
  return new WritableStream<T>(
    {
      async write(value) {
        await journal.append(value);
      },
      async close() {
        await journal.sync();
      },
    },
    { highWaterMark },
  );
}
