// writable, ready and maxPendingBytes.
import { describe, expect, it } from 'vitest';
import { openJournal, range, rejection, temporaryDirectory, valuesOf } from '../support/journals';

describe('backpressure', () => {
  it('writable is false above 16 MiB, and ready says when it is true again', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    expect(journal.writable).toBe(true);
    await journal.ready;
    const chunk = Buffer.alloc(1024 * 1024);
    const appended = range(1, 64).map(() => journal.append(chunk));
    expect(journal.writable).toBe(false);
    await journal.ready;
    expect(journal.writable).toBe(true);
    await Promise.all(appended);
  });

  it('beyond maxPendingBytes append rejects and write throws BUSY, and no seq is used', async () => {
    const maxPendingBytes = 4 * 1024 * 1024;
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      maxPendingBytes,
      commit: { lingerMs: 1000, maxBytes: 64 * 1024 * 1024 },
    });
    const chunk = Buffer.alloc(1024 * 1024);
    const outcomes = await Promise.allSettled(range(1, 8).map(() => journal.append(chunk)));
    const busy = { code: 'ERR_TIDEMARK_BUSY', outcome: 'not-written' };
    const rejected = outcomes.filter(({ status }) => status === 'rejected');
    expect(rejected.length).toBeGreaterThanOrEqual(4);
    for (const outcome of rejected) {
      expect((outcome as PromiseRejectedResult).reason).toMatchObject(busy);
    }
    expect(await journal.append(chunk)).toBe(8 - rejected.length + 1);
  });

  it('write throws BUSY', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      maxPendingBytes: 100_000,
      commit: { lingerMs: 1000 },
    });
    const chunk = Buffer.alloc(60_000);
    expect(journal.write(chunk)).toBe(1);
    const busy = { code: 'ERR_TIDEMARK_BUSY', outcome: 'not-written' };
    expect(() => journal.write(chunk)).toThrow(expect.objectContaining(busy));
    expect(await rejection(journal.appendBatch([chunk]))).toMatchObject(busy);
    expect(journal.lastSeq).toBe(1);
    await journal.sync();
  });

  it('a plain Promise.all over 300,000 small records works with the default', async () => {
    const journal = await openJournal<object>(temporaryDirectory());
    const seqs = await Promise.all(range(1, 300_000).map((id) => journal.append({ id, ok: true })));
    expect(seqs[0]).toBe(1);
    expect(seqs.at(-1)).toBe(300_000);
  });

  it('waiting for ready, any number of records fits', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      maxPendingBytes: 17 * 1024 * 1024,
    });
    const chunk = Buffer.alloc(256 * 1024, 3);
    for (let i = 0; i < 400; i++) {
      if (!journal.writable) await journal.ready;
      journal.write(chunk);
    }
    expect(await journal.sync()).toBe(400);
    expect((await valuesOf(journal.read({ from: 400 })))[0]?.length).toBe(chunk.length);
  });

  it.each([100_000, 1_000_000])(
    'waiting for ready, writes never meet a maxPendingBytes of %d',
    async (maxPendingBytes) => {
      const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
        codec: 'binary',
        maxPendingBytes,
      });
      const chunk = Buffer.alloc(40_000, 3);
      for (let i = 0; i < 200; i++) {
        journal.write(chunk);
        if (!journal.writable) await journal.ready;
      }
      expect(await journal.sync()).toBe(200);
    },
  );

  it('what can never fit is TOO_LARGE, and what fits alone is taken', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      maxPendingBytes: 100_000,
    });
    const tooLarge = { code: 'ERR_TIDEMARK_TOO_LARGE', outcome: 'not-written' };
    const over = Buffer.alloc(100_001);
    expect(await rejection(journal.append(over))).toMatchObject(tooLarge);
    expect(() => journal.write(over)).toThrow(expect.objectContaining(tooLarge));
    const halves = [Buffer.alloc(50_000), Buffer.alloc(50_001)];
    expect(await rejection(journal.appendBatch(halves))).toMatchObject(tooLarge);
    expect(await journal.append(Buffer.alloc(100_000))).toBe(1);
    const exact = [Buffer.alloc(50_000), Buffer.alloc(50_000)];
    expect(await journal.appendBatch(exact)).toEqual({ firstSeq: 2, lastSeq: 3 });
  });
});
