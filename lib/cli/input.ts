// Standard input into records: lines, or frames of a length and bytes. Memory is bounded by one
// chunk of the stream and one record.

import type { Readable } from 'node:stream';
import { TidemarkError } from '../errors';
import { CliError, Exit } from './exit';
import * as format from './format';

/** One record of the input; `number` counts lines or frames from 1, empty lines included. */
export interface Item {
  readonly number: number;
  readonly bytes: Buffer;
}

/** The bytes of a record may be a part of the chunk: use them before the next push. */
export interface Splitter {
  push(chunk: Buffer): Generator<Item, void, void>;
  /** At the end of the input: what is left. */
  end(): Generator<Item, void, void>;
}

const newline = 0x0a;

export class LineSplitter implements Splitter {
  readonly #maxBytes: number;
  #number = 1;
  #parts: Buffer[] = [];
  #partBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *push(chunk: Buffer): Generator<Item, void, void> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end === -1) break;
      yield this.#take(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  *end(): Generator<Item, void, void> {
    if (this.#partBytes > 0) yield this.#take(Buffer.alloc(0));
  }

  #keep(part: Buffer): void {
    this.#check(this.#partBytes + part.length);
    this.#parts.push(part);
    this.#partBytes += part.length;
  }

  #take(last: Buffer): Item {
    this.#check(this.#partBytes + last.length);
    const bytes = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#partBytes = 0;
    const number = this.#number;
    this.#number += 1;
    return { number, bytes };
  }

  #check(size: number): void {
    if (size > this.#maxBytes) throw tooLarge('Line', this.#number, this.#maxBytes);
  }
}

const lengthBytes = 4;

export class FrameSplitter implements Splitter {
  readonly #maxBytes: number;
  #number = 1;
  #parts: Buffer[] = [];
  #held = 0;
  /** How many bytes the next step needs: a length, or the record that it announced. */
  #wanted = lengthBytes;
  #inRecord = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *push(chunk: Buffer): Generator<Item, void, void> {
    let rest = chunk;
    while (this.#held + rest.length >= this.#wanted) {
      const needed = this.#wanted - this.#held;
      const bytes = this.#join(rest.subarray(0, needed));
      rest = rest.subarray(needed);
      if (this.#inRecord) {
        this.#expect(lengthBytes, false);
        yield { number: this.#number, bytes };
        this.#number += 1;
      } else {
        const length = bytes.readUInt32LE(0);
        if (length > this.#maxBytes) throw tooLarge('Record', this.#number, this.#maxBytes);
        this.#expect(length, true);
      }
    }
    if (rest.length > 0) {
      this.#parts.push(rest);
      this.#held += rest.length;
    }
  }

  // biome-ignore lint/correctness/useYield: nothing can be left that is a record
  *end(): Generator<Item, void, void> {
    if (!this.#inRecord && this.#held === 0) return;
    const what = this.#inRecord
      ? `${this.#held} of ${this.#wanted} bytes`
      : `${this.#held} of the ${lengthBytes} bytes of its length`;
    throw new CliError(
      `Record ${this.#number} of the input is cut off: it ends after ${what}; ` +
        'the records before it are kept.',
      Exit.badData,
    );
  }

  #expect(wanted: number, inRecord: boolean): void {
    this.#wanted = wanted;
    this.#inRecord = inRecord;
  }

  #join(last: Buffer): Buffer {
    const joined = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#held = 0;
    return joined;
  }
}

function tooLarge(unit: 'Line' | 'Record', number: number, maxBytes: number): TidemarkError {
  return new TidemarkError(
    'ERR_TIDEMARK_TOO_LARGE',
    `${unit} ${number} of the input is longer than a record may be (${format.bytes(maxBytes)}); ` +
      'the records before it are kept. Split it into smaller records.',
  );
}

/**
 * The chunks of a stream until its end or until `stop`. What the stream had read by then still
 * comes; it is not asked for more.
 */
export async function* chunksUntil(
  stream: Readable,
  stop: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let ended = false;
  let failure: unknown;
  let wake = (): void => {};
  const onReadable = (): void => wake();
  const onEnd = (): void => {
    ended = true;
    wake();
  };
  const onError = (error: unknown): void => {
    failure = error;
    onEnd();
  };
  const onStop = (): void => wake();
  stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError);
  stop.addEventListener('abort', onStop);
  try {
    while (!stop.aborted) {
      const chunk = stream.read() as Buffer | null;
      if (chunk !== null) {
        yield chunk;
        continue;
      }
      if (failure !== undefined) throw failure;
      if (ended || stream.readableEnded || stream.destroyed) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    // In one go: the stream reads on as soon as this function lets go of the event loop.
    const rest: Buffer[] = [];
    for (let chunk = stream.read() as Buffer | null; chunk !== null; ) {
      rest.push(chunk);
      chunk = stream.read() as Buffer | null;
    }
    yield* rest;
  } finally {
    stop.removeEventListener('abort', onStop);
    stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
  }
}
