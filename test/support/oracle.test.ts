// The oracle of the storms must see every way of losing, inventing or changing a record.
import { describe, expect, it } from 'vitest';
import {
  addToRuns,
  History,
  isGenuine,
  producer,
  runOfLine,
  runToLine,
  valueBy,
} from './oracle.mjs';

const a = producer('a', 40);
const b = producer('b', 40);
type Value = { by: string; k: number; text: string };

/** Records as a journal gives them, from seq `from`. */
function journalOf(values: Value[], from = 1) {
  return {
    firstSeq: from,
    lastSeq: from + values.length - 1,
    async *read({ from: first }: { from: number }) {
      for (const [index, value] of values.entries()) {
        if (from + index >= first) yield { seq: from + index, value };
      }
    },
  };
}

async function problemsOf(...journals: ReturnType<typeof journalOf>[]) {
  const history = new History();
  for (const journal of journals) await history.read(journal);
  return history.problems;
}

const values = [valueBy(a, 1), valueBy(b, 1), valueBy(a, 2), valueBy(a, 3), valueBy(b, 2)];

describe('a value of a storm', () => {
  it('is known by itself', () => {
    expect(isGenuine(valueBy(a, 7))).toBe(true);
    expect(isGenuine({ ...valueBy(a, 7), k: 8 })).toBe(false);
    expect(isGenuine({ ...valueBy(a, 7), text: 'x' })).toBe(false);
    expect(isGenuine({ ...valueBy(a, 7), more: 1 })).toBe(false);
    expect(isGenuine(undefined)).toBe(false);
  });
});

describe('a run', () => {
  it('takes in what continues it, and survives as a line', () => {
    const runs: object[] = [];
    addToRuns(runs, a, 1, 10);
    addToRuns(runs, a, 2, 11);
    addToRuns(runs, a, 3, 13);
    addToRuns(runs, b, 4, 14);
    expect(runs).toEqual([
      { by: a, k: 1, seq: 10, count: 2 },
      { by: a, k: 3, seq: 13, count: 1 },
      { by: b, k: 4, seq: 14, count: 1 },
    ]);
    for (const run of runs) expect(runOfLine(runToLine(run as never))).toEqual(run);
  });
});

describe('a history', () => {
  it('accepts a journal that only grows, and is truncated', async () => {
    const grown = [...values, valueBy(b, 3)];
    expect(await problemsOf(journalOf(values), journalOf(grown))).toEqual([]);
    expect(await problemsOf(journalOf(values), journalOf(grown.slice(2), 3))).toEqual([]);
    // Nobody read a's second and third, which the truncation took.
    const later = [valueBy(a, 4), valueBy(b, 2)];
    expect(await problemsOf(journalOf(values.slice(0, 2)), journalOf(later, 5))).toEqual([]);
  });
  it('sees a journal that became shorter', async () => {
    expect(await problemsOf(journalOf(values), journalOf(values.slice(0, 4)))).toHaveLength(1);
  });
  it('sees a record that became another', async () => {
    const other = [...values.slice(0, 4), valueBy(b, 3)];
    expect(await problemsOf(journalOf(values), journalOf(other))).toHaveLength(1);
  });
  it('sees a value that nobody appended', async () => {
    expect(await problemsOf(journalOf([{ ...valueBy(a, 1), text: '?' }]))).not.toEqual([]);
  });
  it('sees one that is left out, out of order, or there twice', async () => {
    expect(await problemsOf(journalOf([valueBy(a, 1), valueBy(a, 3)]))).toHaveLength(1);
    expect(await problemsOf(journalOf([valueBy(a, 2), valueBy(a, 1)]))).not.toEqual([]);
    expect(await problemsOf(journalOf([valueBy(a, 1), valueBy(a, 1)]))).toHaveLength(1);
  });
  it('sees a gap and an early end', async () => {
    const gap = {
      ...journalOf(values),
      read: async function* () {
        yield { seq: 1, value: valueBy(a, 1) };
        yield { seq: 3, value: valueBy(b, 1) };
      },
    };
    expect(await problemsOf(gap)).not.toEqual([]);
    const short = { ...journalOf(values.slice(0, 3)), lastSeq: 5 };
    expect(await problemsOf(short)).toHaveLength(1);
  });
  it('sees what was acknowledged and is missing or another', async () => {
    const history = new History();
    await history.read(journalOf(values));
    history.expect([{ by: a, k: 2, seq: 3, count: 2 }], 'acknowledged');
    expect(history.problems).toEqual([]);
    history.expect([{ by: a, k: 2, seq: 3, count: 3 }], 'acknowledged');
    history.expect([{ by: b, k: 3, seq: 6, count: 1 }], 'acknowledged');
    expect(history.problems).toHaveLength(2);
    expect(history.reached(b)).toBe(2);
  });
  it('does not call missing what was released, be it all there was', async () => {
    const history = new History();
    await history.read(journalOf(values.slice(0, 2)));
    await history.read({ ...journalOf([], 6), lastSeq: 5 });
    expect(history.expect([{ by: a, k: 2, seq: 3, count: 2 }], 'acknowledged')).toBe(0);
    expect(history).toMatchObject({ problems: [], lastSeq: 5, unread: 3 });
    history.expect([{ by: b, k: 3, seq: 6, count: 1 }], 'acknowledged');
    expect(history.problems).toHaveLength(1);
  });
  it('does not call missing what is behind a problem', async () => {
    const history = new History();
    history.problem('something was wrong before');
    await history.read(journalOf([valueBy(b, 1), { ...valueBy(a, 1), text: '?' }, valueBy(a, 2)]));
    expect(history.expect([{ by: a, k: 2, seq: 3, count: 1 }], 'acknowledged')).toBe(1);
    expect(history.lastSeq).toBe(3);
    expect(history.problems).toHaveLength(2);
  });
});
