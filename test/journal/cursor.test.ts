// Named cursors: durable, compared before they move, and holding what they have not processed.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournal, range, rejection, temporaryDirectory } from '../support/journals';

describe('a cursor', () => {
  it('starts at 0, advances durably and is there after a reopen', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory);
    await journal.appendBatch([1, 2, 3, 4]);
    const cursor = await journal.cursor('mail / ünïcode');
    expect(cursor).toMatchObject({ name: 'mail / ünïcode', seq: 0, lag: 4 });
    await cursor.advance(0, 3);
    expect(cursor).toMatchObject({ seq: 3, lag: 1 });
    await cursor.close();
    await journal.close();
    const again = await openJournal<number>(directory);
    expect(await again.cursors()).toEqual([{ name: 'mail / ünïcode', seq: 3, lag: 1 }]);
    expect(await again.cursor('mail / ünïcode')).toMatchObject({ seq: 3, lag: 1 });
  });

  it('is listed by a read-only open beside the writer, as it is on the disk now', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory);
    await journal.appendBatch([1, 2, 3, 4]);
    const reader = await openJournal<number>(directory, { readOnly: true });
    expect(await reader.cursors()).toEqual([]);
    const cursor = await journal.cursor('b');
    await journal.cursor('a');
    await cursor.advance(0, 3);
    await journal.close();
    expect(await reader.cursors()).toEqual([
      { name: 'a', seq: 0, lag: 4 },
      { name: 'b', seq: 3, lag: 1 },
    ]);
    expect(await rejection(reader.cursor('a'))).toMatchObject({ code: 'ERR_TIDEMARK_READ_ONLY' });
    await reader.close();
    expect(await rejection(reader.cursors())).toMatchObject({ code: 'ERR_TIDEMARK_CLOSED' });
  });

  it('that is damaged is CORRUPT for a read-only open, too', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory);
    await journal.append(1);
    const reader = await openJournal<number>(directory, { readOnly: true });
    await journal.cursor('c');
    const [name] = readdirSync(directory).filter((file) => file.startsWith('cursor-'));
    const path = join(directory, name as string);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    writeFileSync(path, bytes);
    expect(await rejection(reader.cursors())).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT', path });
  });

  it('is CONFLICT when another handle moved it', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch([1, 2, 3]);
    const one = await journal.cursor('c');
    const two = await journal.cursor('c');
    await one.advance(0, 1);
    expect(await rejection(two.advance(0, 2))).toMatchObject({ code: 'ERR_TIDEMARK_CONFLICT' });
    await two.advance(1, 2);
    expect((await journal.cursors())[0]).toMatchObject({ seq: 2 });
  });

  it('of two that race from the same place one wins', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch([1, 2, 3]);
    const cursors = await Promise.all([journal.cursor('c'), journal.cursor('c')]);
    const outcomes = await Promise.allSettled(cursors.map((cursor) => cursor.advance(0, 1)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('never goes past durableSeq', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.append(1);
    const cursor = await journal.cursor('c');
    expect(await rejection(cursor.advance(0, 2))).toBeInstanceOf(RangeError);
    expect(await rejection(cursor.reset(2))).toBeInstanceOf(RangeError);
    expect(cursor.seq).toBe(0);
  });

  it('goes back only by reset', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch([1, 2, 3]);
    const cursor = await journal.cursor('c');
    await cursor.advance(0, 3);
    expect(await rejection(cursor.advance(3, 2))).toBeInstanceOf(RangeError);
    await cursor.reset(1);
    expect(cursor).toMatchObject({ seq: 1, lag: 2 });
  });

  it('can be deleted, twice too', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.cursor('c');
    await journal.deleteCursor('c');
    await journal.deleteCursor('c');
    expect(await journal.cursors()).toEqual([]);
  });

  it('after close is CLOSED', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const cursor = await journal.cursor('c');
    await cursor.close();
    await cursor.close();
    expect(await rejection(cursor.advance(0, 0))).toMatchObject({ code: 'ERR_TIDEMARK_CLOSED' });
  });
});

describe('truncateBefore', () => {
  it('is exact: firstSeq is the seq, reads below are TRUNCATED, also after a reopen', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory);
    await journal.appendBatch(range(1, 10));
    expect(await journal.truncateBefore(4)).toMatchObject({ firstSeq: 4, heldBy: [] });
    const truncated = { code: 'ERR_TIDEMARK_TRUNCATED' };
    for (const open of [journal, undefined]) {
      if (open === undefined) await journal.close();
      const current = open ?? (await openJournal<number>(directory));
      expect(current.firstSeq).toBe(4);
      expect(await rejection(current.get(3))).toMatchObject(truncated);
      expect(await rejection(current.read({ from: 3 }).next())).toMatchObject(truncated);
      expect((await current.read().next()).value).toEqual({ seq: 4, value: 4 });
    }
  });

  it('removes the segments that nothing needs', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      segmentBytes: 65_536,
    });
    for (const byte of range(1, 20)) await journal.append(Buffer.alloc(20_000, byte));
    const before = journal.segments().length;
    const { releasedSegments } = await journal.truncateBefore(20);
    expect(releasedSegments).toBeGreaterThan(2);
    expect(journal.segments()).toHaveLength(before - releasedSegments);
    expect(await journal.get(20)).toEqual({ seq: 20, value: Buffer.alloc(20_000, 20) });
  });

  it('of everything leaves an empty journal that goes on', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch([1, 2, 3]);
    expect(await journal.truncateBefore(4)).toMatchObject({ firstSeq: 4 });
    expect(journal).toMatchObject({ firstSeq: 4, lastSeq: 3 });
    expect(await journal.append(4)).toBe(4);
    expect(journal.firstSeq).toBe(4);
  });

  it('is held back by the lowest cursor', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch(range(1, 10));
    const [slow, fast] = await Promise.all([journal.cursor('slow'), journal.cursor('fast')]);
    await slow.advance(0, 3);
    await fast.advance(0, 8);
    const result = await journal.truncateBefore(10);
    expect(result.firstSeq).toBe(4);
    expect(result.heldBy).toContainEqual({ name: 'slow', seq: 3 });
    expect(journal.firstSeq).toBe(4);
  });

  it('below firstSeq does nothing, above lastSeq + 1 is a RangeError', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch([1, 2, 3]);
    await journal.truncateBefore(3);
    expect(await journal.truncateBefore(2)).toMatchObject({ firstSeq: 3, releasedSegments: 0 });
    expect(await rejection(journal.truncateBefore(5))).toBeInstanceOf(RangeError);
    expect(journal.firstSeq).toBe(3);
  });

  it('makes what it is asked to release durable first', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    for (const n of range(1, 5)) journal.write(n);
    expect(await journal.truncateBefore(6)).toMatchObject({ firstSeq: 6 });
    expect(journal.durableSeq).toBe(5);
  });
});
