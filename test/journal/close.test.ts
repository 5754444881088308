// close, closed, and what happens to those who wait.
import { describe, expect, it } from 'vitest';
import {
  openJournal,
  range,
  rejection,
  rejections,
  temporaryDirectory,
  valuesOf,
} from '../support/journals';

describe('close', () => {
  it('commits everything that was appended, without waiting for it', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory);
    const appended = range(1, 1000).map((n) => journal.append(n));
    journal.write(1001);
    await journal.close();
    expect(await Promise.all(appended)).toEqual(range(1, 1000));
    const again = await openJournal<number>(directory);
    expect(again.recovery.path).toBe('clean');
    expect(await valuesOf(again.read())).toEqual(range(1, 1001));
  });

  it('is seen by the next open, also where records of zeros look like the end of the log', async () => {
    const directory = temporaryDirectory();
    const options = { codec: 'binary' as const };
    const zeros = Buffer.alloc(300_000);
    const stored = [Buffer.from('a'), zeros, Buffer.from('b'), zeros, zeros];
    for (const [index, value] of stored.entries()) {
      const journal = await openJournal<Uint8Array>(directory, options);
      const path = index === 0 ? 'created' : 'clean';
      expect(journal.recovery).toMatchObject({ path, tail: 'clean', lastSeq: index });
      await journal.append(value);
      await journal.close();
    }
    const again = await openJournal<Uint8Array>(directory, options);
    expect(again.recovery).toMatchObject({ path: 'clean', tail: 'clean', lastSeq: stored.length });
    expect((await valuesOf(again.read())).map((value) => Buffer.from(value))).toEqual(stored);
  });

  it('is idempotent, and closed resolves', async () => {
    const journal = await openJournal(temporaryDirectory());
    await Promise.all([journal.close(), journal.close()]);
    await journal.close();
    await journal.closed;
    await journal[Symbol.asyncDispose]();
  });

  it('makes everything after it CLOSED', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.append(1);
    await journal.close();
    const closed = { code: 'ERR_TIDEMARK_CLOSED' };
    const attempts = [
      journal.append(1),
      journal.appendBatch([1]),
      journal.sync(),
      journal.waitFor(5),
      journal.get(1),
      journal.getMany([1]),
      journal.cursor('c'),
      journal.truncateBefore(1),
      journal.snapshot(temporaryDirectory()),
      journal.ready,
    ];
    for (const error of await rejections(attempts)) expect(error).toMatchObject(closed);
    expect(() => journal.write(1)).toThrow(expect.objectContaining(closed));
    expect(() => journal.appendSync(1)).toThrow(expect.objectContaining(closed));
    expect(() => journal.read()).toThrow(expect.objectContaining(closed));
    expect(() => journal.follow()).toThrow(expect.objectContaining(closed));
    expect(journal.writable).toBe(false);
    expect(journal).toMatchObject({ firstSeq: 1, lastSeq: 1, durableSeq: 1 });
  });

  it('rejects those who wait for a seq that did not come', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const waiting = rejection(journal.waitFor(7));
    await journal.close();
    expect(await waiting).toMatchObject({ code: 'ERR_TIDEMARK_CLOSED' });
  });

  it('of one handle leaves the others open', async () => {
    const directory = temporaryDirectory();
    const one = await openJournal<number>(directory);
    const two = await openJournal<number>(directory);
    const pending = one.append(1);
    await one.close();
    expect(await pending).toBe(1);
    expect(await two.append(2)).toBe(2);
    expect(await rejection(one.append(3))).toMatchObject({ code: 'ERR_TIDEMARK_CLOSED' });
  });

  it('and open again in the same turn is in order', async () => {
    const directory = temporaryDirectory();
    const first = await openJournal<number>(directory);
    const appended = first.append(1);
    const closing = first.close();
    const second = await openJournal<number>(directory);
    await closing;
    expect(await appended).toBe(1);
    expect(await second.append(2)).toBe(2);
    expect(await valuesOf(second.read())).toEqual([1, 2]);
  });
});
