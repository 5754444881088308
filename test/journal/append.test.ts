// append, appendBatch, appendSync, write, sync, waitFor: order, seqs, limits.
import { describe, expect, it } from 'vitest';
import {
  collect,
  openJournal,
  range,
  rejection,
  temporaryDirectory,
  valuesOf,
} from '../support/journals';

describe('append', () => {
  it('gives contiguous seqs from 1 in the order of the calls', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const seqs = await Promise.all(range(1, 2500).map((value) => journal.append(value)));
    expect(seqs).toEqual(range(1, 2500));
    expect(await valuesOf(journal.read())).toEqual(range(1, 2500));
  });

  it('resolves only when durableSeq has reached the seq', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await Promise.all(
      range(1, 300).map(async (value) => {
        const seq = await journal.append(value);
        expect(journal.durableSeq).toBeGreaterThanOrEqual(seq);
      }),
    );
  });

  it('resolves in the order of the calls, whatever their durability', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const order: number[] = [];
    const durabilities = ['commit', 'os', { intervalMs: 5 }] as const;
    await Promise.all(
      range(0, 99).map(async (value) => {
        const durability = durabilities[value % 3] as (typeof durabilities)[number];
        order.push(await journal.append(value, { durability }));
      }),
    );
    expect(order).toEqual(range(1, 100));
    expect(await journal.sync()).toBe(100);
    expect(await valuesOf(journal.read())).toEqual(range(0, 99));
  });

  it('keeps the order of calls over append, write, appendBatch and appendSync', async () => {
    const journal = await openJournal<string>(temporaryDirectory());
    const first = journal.append('append 1');
    expect(journal.write('write')).toBe(2);
    const second = journal.append('append 2');
    const batch = journal.appendBatch(['batch 1', 'batch 2']);
    const third = journal.append('append 3');
    expect(journal.appendSync('sync')).toBe(7);
    const last = journal.append('append 4');
    expect(await Promise.all([first, second, third, last])).toEqual([1, 3, 6, 8]);
    expect(await batch).toEqual({ firstSeq: 4, lastSeq: 5 });
    expect(await valuesOf(journal.read())).toEqual([
      ...['append 1', 'write', 'append 2', 'batch 1', 'batch 2', 'append 3', 'sync', 'append 4'],
    ]);
  });

  it('copies the bytes before it returns', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    const reused = Buffer.from('first');
    const first = journal.append(reused);
    reused.write('later');
    const batch = [reused];
    const second = journal.appendBatch(batch);
    reused.write('wrong');
    batch[0] = Buffer.from('other');
    await Promise.all([first, second]);
    expect((await valuesOf(journal.read())).map(String)).toEqual(['first', 'later']);
  });

  it('takes records of 0 bytes, 1 byte and exactly maxRecordBytes', async () => {
    const maxRecordBytes = 3 * 1024 * 1024;
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      maxRecordBytes,
    });
    const large = Buffer.alloc(maxRecordBytes, 7);
    const values = [Buffer.alloc(0), Buffer.from([1]), large, Buffer.alloc(0)];
    expect(await Promise.all(values.map((value) => journal.append(value)))).toEqual([1, 2, 3, 4]);
    const read = await valuesOf(journal.read());
    expect(read.map((value, index) => Buffer.compare(value, values[index] as Buffer))).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('refuses one byte more than maxRecordBytes, writes nothing and uses no seq', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      maxRecordBytes: 1000,
    });
    const tooLarge = Buffer.alloc(1001);
    const code = { code: 'ERR_TIDEMARK_TOO_LARGE', outcome: 'not-written' };
    expect(await rejection(journal.append(tooLarge))).toMatchObject(code);
    expect(() => journal.write(tooLarge)).toThrow(expect.objectContaining(code));
    expect(() => journal.appendSync(tooLarge)).toThrow(expect.objectContaining(code));
    expect(await rejection(journal.appendBatch([Buffer.alloc(1), tooLarge]))).toMatchObject(code);
    expect(journal.lastSeq).toBe(0);
    expect(await journal.append(Buffer.alloc(1000))).toBe(1);
  });

  it('counts from startSeq', async () => {
    const journal = await openJournal<string>(temporaryDirectory(), { startSeq: 1000 });
    expect(journal.firstSeq).toBe(1000);
    expect(await journal.append('a')).toBe(1000);
    expect(await collect(journal.read())).toEqual([{ seq: 1000, value: 'a' }]);
  });
});

describe('appendBatch', () => {
  it('is one commit', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const before = journal.stats().commits;
    expect(await journal.appendBatch(range(1, 100_000))).toEqual({ firstSeq: 1, lastSeq: 100_000 });
    expect(journal.stats().commits).toBe(before + 1);
  });

  it('is all or nothing: a value that cannot be encoded leaves nothing of the others', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const error = await rejection(journal.appendBatch([1, 2, () => {}, 4]));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', outcome: 'not-written' });
    expect(await journal.append('next')).toBe(1);
  });

  it('takes a batch that is larger than segmentBytes', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      segmentBytes: 65_536,
    });
    await journal.append(Buffer.from('before'));
    const values = range(1, 1000).map((byte) => Buffer.alloc(1000, byte));
    expect(await journal.appendBatch(values)).toEqual({ firstSeq: 2, lastSeq: 1001 });
    const read = (await valuesOf(journal.read())).slice(1);
    expect(read).toHaveLength(1000);
    expect(Buffer.concat(read).equals(Buffer.concat(values))).toBe(true);
  });

  it('[] is a RangeError', async () => {
    const journal = await openJournal(temporaryDirectory());
    const error = await rejection(journal.appendBatch([]));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  it('more than 1,048,576 records are TOO_LARGE', async () => {
    const journal = await openJournal(temporaryDirectory());
    const error = await rejection(journal.appendBatch(new Array(1_048_577).fill(0)));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_TOO_LARGE', outcome: 'not-written' });
    expect(journal.lastSeq).toBe(0);
  });

  it('with ifLastSeq that differs writes nothing and is CONFLICT', async () => {
    const journal = await openJournal<string>(temporaryDirectory());
    await journal.append('a');
    const error = await rejection(journal.appendBatch(['b'], { ifLastSeq: 0 }));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_CONFLICT', outcome: 'not-written' });
    expect(await journal.appendBatch(['b'], { ifLastSeq: 1 })).toEqual({ firstSeq: 2, lastSeq: 2 });
    expect(await valuesOf(journal.read())).toEqual(['a', 'b']);
  });

  it('with ifLastSeq sees what was appended in front of it in the same turn', async () => {
    const journal = await openJournal<string>(temporaryDirectory());
    const first = journal.append('a');
    const batch = journal.appendBatch(['b'], { ifLastSeq: 1 });
    expect(await first).toBe(1);
    expect(await batch).toEqual({ firstSeq: 2, lastSeq: 2 });
  });

  it('of two batches with the same ifLastSeq one wins', async () => {
    const journal = await openJournal<string>(temporaryDirectory());
    const outcomes = await Promise.allSettled([
      journal.appendBatch(['x'], { ifLastSeq: 0 }),
      journal.appendBatch(['y'], { ifLastSeq: 0 }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

describe('write, sync and waitFor', () => {
  it('write gives its provisional seq at once', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    expect(range(1, 100).map((value) => journal.write(value))).toEqual(range(1, 100));
    expect(journal.lastSeq).toBe(100);
    expect(await journal.sync()).toBe(100);
    expect(journal.durableSeq).toBe(100);
  });

  it('sync covers every seq written before the call, also of other handles', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory, { durability: { intervalMs: 3_600_000 } });
    const other = await openJournal<number>(directory);
    for (const value of range(1, 50)) (value % 2 === 0 ? journal : other).write(value);
    expect(await journal.sync()).toBe(50);
  });

  it("'os' and an interval reach stable storage also when nothing more comes", async () => {
    const journal = await openJournal<number>(temporaryDirectory(), {
      durability: { intervalMs: 20 },
    });
    const seq = await journal.append(1);
    expect(await journal.waitFor(seq)).toBe(1);
    const second = await journal.append(2, { durability: 'os' });
    expect(await journal.waitFor(second)).toBe(2);
  });

  it('a handle that joins keeps the durability that its open named', async () => {
    const directory = temporaryDirectory();
    const idleMarkMs = 60_000;
    const hour = { intervalMs: 3_600_000 };
    const first = await openJournal<number>(directory, { durability: hour, idleMarkMs });
    const asked = await openJournal<number>(directory, { durability: 'commit' });
    const unasked = await openJournal<number>(directory);
    await unasked.append(1);
    expect(first.durableSeq).toBe(0);
    await asked.append(2);
    expect(first.durableSeq).toBe(2);
  });

  it('waitFor waits for a seq that comes later, without forcing anything', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const waiting = journal.waitFor(3);
    await journal.append(1);
    await journal.appendBatch([2, 3]);
    expect(await waiting).toBe(3);
  });

  it('waitFor ends with an AbortError and lets the record be', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const controller = new AbortController();
    const waiting = rejection(journal.waitFor(2, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect(await waiting).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    const aborted = rejection(journal.waitFor(1, { signal: AbortSignal.abort() }));
    expect(await aborted).toMatchObject({ name: 'AbortError' });
    expect(await journal.append(1)).toBe(1);
  });

  it('lastSeq counts what was appended in this turn', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const appended = [journal.append(1), journal.append(2)];
    expect(journal.lastSeq).toBe(2);
    await Promise.all(appended);
  });
});
