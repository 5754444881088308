// Journals as Node streams and web streams.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import {
  collect,
  openJournal,
  range,
  rejection,
  temporaryDirectory,
  valuesOf,
} from '../support/journals';

describe('Node streams', () => {
  it('what is piped in is durable at the end and can be piped out', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await pipeline(Readable.from(range(1, 5000)), journal.createWriteStream());
    expect(journal.durableSeq).toBe(5000);
    const read = await collect(journal.createReadStream({ from: 10 }) as AsyncIterable<unknown>);
    expect(read).toEqual(range(10, 5000).map((n) => ({ seq: n, value: n })));
  });

  it('records that wait are committed together', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await pipeline(Readable.from(range(1, 5000)), journal.createWriteStream());
    expect(journal.stats().commits).toBeLessThan(1000);
  });

  it("a write's callback comes when the record is acknowledged", async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const stream = journal.createWriteStream();
    await new Promise<void>((resolve, reject) => {
      stream.write(1, (error) => {
        if (error || journal.durableSeq < 1) reject(error ?? new Error('not durable'));
        else resolve();
      });
    });
    stream.end();
  });

  it('a value that is refused destroys the stream', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const error = await rejection(
      pipeline(Readable.from([1, () => {}]), journal.createWriteStream()),
    );
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE' });
  });

  it('a stream that is destroyed early lets the journal go', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch(range(1, 1000));
    for await (const record of journal.createReadStream()) {
      expect(record).toEqual({ seq: 1, value: 1 });
      break;
    }
    await journal.close();
  });
});

describe('web streams', () => {
  it('what is piped in is durable at the end and can be piped out', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const writer = journal.toWritableStream().getWriter();
    for (const n of range(1, 50)) void writer.write(n);
    await writer.close();
    expect(journal.durableSeq).toBe(50);
    const read = await collect(journal.toReadableStream({ to: 5, reverse: true }));
    expect(read.map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1]);
  });

  it('a write that resolved is durable', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const writer = journal.toWritableStream().getWriter();
    await writer.write(1);
    expect(journal.durableSeq).toBe(1);
    await writer.close();
    expect(await valuesOf(journal.read())).toEqual([1]);
  });

  it('can be cancelled', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch(range(1, 1000));
    const reader = journal.toReadableStream().getReader();
    await reader.read();
    await reader.cancel();
    await journal.close();
  });
});
