// get and getMany: records by seq.

import type { NativeFound, NativeReader } from '../binding';
import { operate } from '../runtime';
import type { JournalRecord } from './iterators';
import type { RecordSource } from './source';

/** Readers kept for the next call; each has a file open and a window of it in memory. */
const keptReaders = 2;

export class PointReads {
  readonly #source: RecordSource;
  readonly #free: NativeReader[] = [];

  constructor(source: RecordSource) {
    this.#source = source;
  }

  /** The records, in the order asked for; undefined for those that are not there. */
  async get(seqs: Float64Array): Promise<(JournalRecord<unknown> | undefined)[]> {
    const source = this.#source;
    source.checkOpen();
    if (seqs.length === 0) return [];
    await source.refresh();
    source.checkOpen();
    const reader = this.#free.pop() ?? source.makeReader();
    try {
      const found = await operate<NativeFound>((operation) => reader.getMany(operation, seqs));
      await source.decoder.prepare(found, reader, (index) => found.segments[index] as number);
      return this.#decode(found, seqs);
    } finally {
      if (this.#free.length < keptReaders && !source.closed) this.#free.push(reader);
      else reader.release();
    }
  }

  #decode(found: NativeFound, seqs: Float64Array): (JournalRecord<unknown> | undefined)[] {
    const { decoder } = this.#source;
    const records: (JournalRecord<unknown> | undefined)[] = [];
    let index = 0;
    let start = 0;
    for (let i = 0; i < seqs.length; i++) {
      if (found.present[i] !== 1) {
        records.push(undefined);
        continue;
      }
      const seq = seqs[i] as number;
      const segment = found.segments[index] as number;
      records.push({ seq, value: decoder.decode(found, index, start, seq, segment) });
      start += found.lengths[index] as number;
      index++;
    }
    return records;
  }

  release(): void {
    for (const reader of this.#free.splice(0)) reader.release();
  }
}
