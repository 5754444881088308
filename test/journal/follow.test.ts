// follow: history, then live; how it ends.
import { describe, expect, it } from 'vitest';
import { openJournal, range, rejection, temporaryDirectory } from '../support/journals';

async function take<T>(iterator: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = await iterator.next();
    if (done) throw new Error(`ended after ${taken.length}`);
    taken.push(value);
  }
  return taken;
}

describe('follow', () => {
  it('gives history and then what comes, without a hole or a repetition', async () => {
    const journal = await openJournal<number>(temporaryDirectory(), { segmentBytes: 65_536 });
    await Promise.all(range(1, 3000).map((n) => journal.append(n)));
    const follower = journal.follow();
    const taking = take(follower, 8000);
    for (const n of range(3001, 8000)) {
      if (n % 500 === 0) await journal.append(n);
      else journal.write(n);
    }
    expect((await taking).map(({ seq, value }) => [seq, value])).toEqual(
      range(1, 8000).map((n) => [n, n]),
    );
    await follower.return?.();
  });

  it("starts at a seq, at the 'start' or at the 'end'", async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch([1, 2, 3]);
    const fromTwo = take(journal.follow({ from: 2 }), 3);
    const fromStart = take(journal.follow({ from: 'start' }), 4);
    const fromEnd = take(journal.follow({ from: 'end' }), 1);
    const fromLater = take(journal.follow({ from: 6 }), 1);
    await journal.append(4);
    expect((await fromTwo).map(({ seq }) => seq)).toEqual([2, 3, 4]);
    expect((await fromStart).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect((await fromEnd).map(({ seq }) => seq)).toEqual([4]);
    await journal.appendBatch([5, 6]);
    expect((await fromLater).map(({ seq }) => seq)).toEqual([6]);
  });

  it("'end' is the end at the call, not at the first next()", async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.append(1);
    const follower = journal.follow({ from: 'end' });
    await journal.append(2);
    expect(await take(follower, 1)).toEqual([{ seq: 2, value: 2 }]);
  });

  it('ends when the journal is closed', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.append(1);
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of journal.follow()) {
        seen.push(seq);
        if (seq === 1) queueMicrotask(() => journal.close());
      }
    })();
    await following;
    expect(seen).toEqual([1]);
  });

  it('sees what another handle of the process writes', async () => {
    const directory = temporaryDirectory();
    const reader = await openJournal<string>(directory);
    const writer = await openJournal<string>(directory);
    const taking = take(reader.follow(), 2);
    await writer.append('a');
    writer.write('b');
    expect((await taking).map(({ value }) => value)).toEqual(['a', 'b']);
  });

  it('ends with an AbortError while it waits', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const controller = new AbortController();
    const waiting = rejection(journal.follow({ signal: controller.signal }).next());
    controller.abort();
    expect(await waiting).toMatchObject({ name: 'AbortError' });
  });

  it('left while it waits ends at once', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const follower = journal.follow();
    const waiting = follower.next();
    await follower.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('below firstSeq is TRUNCATED', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.appendBatch([1, 2, 3]);
    await journal.truncateBefore(3);
    const error = await rejection(journal.follow({ from: 1 }).next());
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_TRUNCATED' });
    expect(await take(journal.follow(), 1)).toEqual([{ seq: 3, value: 3 }]);
  });

  it('that was overtaken by a truncation leaves a read-only journal that knows its first seq', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<string>(directory, { segmentBytes: 65_536 });
    const fill = () => journal.appendBatch(range(1, 200).map(() => 'x'.repeat(1000)));
    await fill();
    const reader = await openJournal<string>(directory, { readOnly: true });
    await reader.waitFor(200);
    for (let n = 0; n < 4; n++) await fill();
    // The mark behind the last commit is on the disk, so that whoever looks from now on sees it all.
    const other = await openJournal<string>(directory, { readOnly: true });
    await other.waitFor(journal.lastSeq);
    const { firstSeq } = await journal.truncateBefore(journal.lastSeq);
    // Nobody watches on this handle: it learns of the truncation from the file that is gone.
    const follower = reader.follow({ from: 1 });
    expect(await rejection(follower.next())).toMatchObject({ code: 'ERR_TIDEMARK_TRUNCATED' });
    expect(reader.firstSeq).toBe(firstSeq);
  });
});
