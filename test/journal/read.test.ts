// get, getMany, read, readBatches: what they show, in which order, and how they end.
import { describe, expect, it } from 'vitest';
import {
  collect,
  openJournal,
  range,
  rejection,
  temporaryDirectory,
  valuesOf,
} from '../support/journals';

async function filled(count: number, segmentBytes = 65_536) {
  const journal = await openJournal<{ n: number; text: string }>(temporaryDirectory(), {
    segmentBytes,
  });
  const value = (n: number) => ({ n, text: 't'.repeat(n % 97) });
  // One commit may be longer than a segment: several make several segments.
  for (let n = 1; n <= count; n += 500) {
    const last = Math.min(count, n + 499);
    await Promise.all(range(n, last).map((each) => journal.append(value(each))));
  }
  return { journal, value };
}

describe('read', () => {
  it('gives every record of several segments, forwards and backwards', async () => {
    const { journal, value } = await filled(5000);
    expect(journal.segments().length).toBeGreaterThan(2);
    const forwards = await collect(journal.read());
    expect(forwards).toEqual(range(1, 5000).map((n) => ({ seq: n, value: value(n) })));
    expect(await collect(journal.read({ reverse: true }))).toEqual(forwards.reverse());
  });

  it('takes from and to, both inclusive', async () => {
    const { journal } = await filled(3000);
    const seqs = async (options: object) =>
      (await collect(journal.read(options))).map(({ seq }) => seq);
    expect(await seqs({ from: 1500, to: 1502 })).toEqual([1500, 1501, 1502]);
    expect(await seqs({ from: 1500, to: 1502, reverse: true })).toEqual([1502, 1501, 1500]);
    expect(await seqs({ from: 3000 })).toEqual([3000]);
    expect(await seqs({ from: 3001 })).toEqual([]);
    expect(await seqs({ to: 1 })).toEqual([1]);
    expect(await seqs({ from: 2999, to: 9000 })).toEqual([2999, 3000]);
  });

  it('fixes its end at the first next()', async () => {
    const { journal } = await filled(10);
    const records = journal.read();
    await journal.append({ n: 11, text: '' });
    const iterator = records[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ seq: 1 });
    await journal.append({ n: 12, text: '' });
    const rest: number[] = [];
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      rest.push(next.value.seq);
    }
    expect(rest).toEqual(range(2, 11));
  });

  it('answers overlapping calls of next() in order', async () => {
    const { journal } = await filled(2000);
    const iterator = journal.read();
    const results = await Promise.all(range(1, 2001).map(() => iterator.next()));
    expect(results.slice(0, 2000).map((result) => result.value?.seq)).toEqual(range(1, 2000));
    expect(results[2000]).toEqual({ done: true, value: undefined });
  });

  it('can be left early', async () => {
    const { journal } = await filled(3000);
    for await (const { seq } of journal.read()) if (seq === 3) break;
    const iterator = journal.read();
    await iterator.next();
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('ends with an AbortError', async () => {
    const { journal } = await filled(3000);
    const controller = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { seq } of journal.read({ signal: controller.signal })) {
        seen.push(seq);
        if (seq === 5) controller.abort();
      }
    })();
    expect(await rejection(reading)).toMatchObject({ name: 'AbortError' });
    const late = journal.read({ signal: AbortSignal.abort() });
    expect(await rejection(late.next())).toMatchObject({ name: 'AbortError' });
  });

  it('with a signal that is already aborted is an AbortError of the first next()', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    await journal.append(1);
    const signal = AbortSignal.abort();
    const aborted = { name: 'AbortError', code: 'ABORT_ERR' };
    expect(await rejection(journal.read({ signal }).next())).toMatchObject(aborted);
    expect(await rejection(journal.readBatches({ signal }).next())).toMatchObject(aborted);
    expect(await rejection(journal.follow({ signal }).next())).toMatchObject(aborted);
    expect(await rejection(journal.createReadStream({ signal }).toArray())).toMatchObject(aborted);
    const web = journal.toReadableStream({ signal }).getReader();
    expect(await rejection(web.read())).toMatchObject(aborted);
  });

  it('of an empty journal ends at once', async () => {
    const journal = await openJournal(temporaryDirectory());
    expect(await collect(journal.read())).toEqual([]);
    expect(await collect(journal.read({ reverse: true }))).toEqual([]);
    expect(await collect(journal.readBatches())).toEqual([]);
  });

  it('from above to is a RangeError, in both directions', async () => {
    const journal = await openJournal(temporaryDirectory());
    expect(() => journal.read({ from: 2, to: 1 })).toThrow(RangeError);
    expect(() => journal.read({ from: 2, to: 1, reverse: true })).toThrow(RangeError);
  });

  it('shows durable records only', async () => {
    const journal = await openJournal<number>(temporaryDirectory(), {
      durability: { intervalMs: 3_600_000 },
    });
    await journal.append(1);
    const shown = (await collect(journal.read())).length;
    expect(shown).toBeLessThanOrEqual(journal.durableSeq);
    await journal.sync();
    expect(await valuesOf(journal.read())).toEqual([1]);
  });
});

describe('readBatches', () => {
  it('gives the same records, many at a time', async () => {
    const { journal, value } = await filled(5000);
    const batches = await collect(journal.readBatches());
    expect(batches.length).toBeLessThan(500);
    let next = 1;
    for (const { firstSeq, values } of batches) {
      expect(firstSeq).toBe(next);
      expect(values).toEqual(values.map((_, index) => value(firstSeq + index)));
      next += values.length;
    }
    expect(next).toBe(5001);
  });

  it('goes backwards by batches whose values ascend', async () => {
    const { journal } = await filled(3000);
    const seqs = (await collect(journal.readBatches({ reverse: true }))).map(
      ({ firstSeq, values }) => range(firstSeq, firstSeq + values.length - 1),
    );
    expect(seqs.reverse().flat()).toEqual(range(1, 3000));
  });
});

describe('get and getMany', () => {
  it('give a record by its seq, undefined above the last', async () => {
    const { journal, value } = await filled(3000);
    expect(await journal.get(1)).toEqual({ seq: 1, value: value(1) });
    expect(await journal.get(2999)).toEqual({ seq: 2999, value: value(2999) });
    expect(await journal.get(3001)).toBeUndefined();
    expect(await journal.getMany([3000, 1, 3001, 1500, 1])).toEqual([
      { seq: 3000, value: value(3000) },
      { seq: 1, value: value(1) },
      undefined,
      { seq: 1500, value: value(1500) },
      { seq: 1, value: value(1) },
    ]);
    expect(await journal.getMany([])).toEqual([]);
  });

  it('many at once do not disturb each other', async () => {
    const { journal, value } = await filled(1000);
    const records = await Promise.all(range(1, 1000).map((seq) => journal.get(seq)));
    expect(records).toEqual(range(1, 1000).map((seq) => ({ seq, value: value(seq) })));
  });

  it('refuse what is no seq', async () => {
    const { journal } = await filled(1);
    for (const seq of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      expect(await rejection(journal.get(seq))).toBeInstanceOf(RangeError);
      expect(await rejection(journal.getMany([1, seq]))).toBeInstanceOf(RangeError);
    }
    expect(await rejection(journal.get('1' as unknown as number))).toBeInstanceOf(TypeError);
  });
});
