// Random histories of a journal against a model of it in a few lines.
import fc from 'fast-check';
import { Journal } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { collect, temporaryDirectory } from '../support/journals';

interface Model {
  /** Values of all records ever appended; record n has the seq n + 1. */
  values: string[];
  firstSeq: number;
  cursor: number;
}

interface Real {
  directory: string;
  journal: Journal<string>;
}

const segmentBytes = 65_536;
const value = fc.oneof(
  { weight: 5, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 30_000 }).map((n) => 'x'.repeat(n)) },
);

abstract class Step implements fc.AsyncCommand<Model, Real> {
  check(_model: Readonly<Model>): boolean {
    return true;
  }
  abstract run(model: Model, real: Real): Promise<void>;
  abstract toString(): string;
}

class Append extends Step {
  constructor(readonly values: string[]) {
    super();
  }
  async run(model: Model, { journal }: Real): Promise<void> {
    const seqs = await Promise.all(this.values.map((each) => journal.append(each)));
    expect(seqs).toEqual(this.values.map((_, index) => model.values.length + index + 1));
    model.values.push(...this.values);
  }
  override toString = () => `append(${this.values.length})`;
}

class Batch extends Step {
  constructor(
    readonly values: string[],
    readonly stale: boolean,
  ) {
    super();
  }
  async run(model: Model, { journal }: Real): Promise<void> {
    const last = model.values.length;
    const batch = journal.appendBatch(this.values, { ifLastSeq: this.stale ? last + 1 : last });
    if (this.stale) {
      await expect(batch).rejects.toMatchObject({ code: 'ERR_TIDEMARK_CONFLICT' });
      return;
    }
    expect(await batch).toEqual({ firstSeq: last + 1, lastSeq: last + this.values.length });
    model.values.push(...this.values);
  }
  override toString = () => `appendBatch(${this.values.length}, stale ${this.stale})`;
}

class Write extends Step {
  constructor(
    readonly values: string[],
    readonly sync: boolean,
  ) {
    super();
  }
  async run(model: Model, { journal }: Real): Promise<void> {
    for (const each of this.values) {
      expect(journal.write(each)).toBe(model.values.length + 1);
      model.values.push(each);
    }
    if (this.sync) expect(await journal.sync()).toBe(model.values.length);
    expect(journal.lastSeq).toBe(model.values.length);
  }
  override toString = () => `write(${this.values.length}, sync ${this.sync})`;
}

class Truncate extends Step {
  constructor(readonly share: number) {
    super();
  }
  async run(model: Model, { journal }: Real): Promise<void> {
    const span = model.values.length + 1 - model.firstSeq;
    const seq = model.firstSeq + Math.floor(span * this.share);
    const expected = Math.max(model.firstSeq, Math.min(seq, model.cursor + 1));
    expect(await journal.truncateBefore(seq)).toMatchObject({ firstSeq: expected });
    model.firstSeq = expected;
    expect(journal.firstSeq).toBe(expected);
  }
  override toString = () => `truncateBefore(${this.share})`;
}

class Advance extends Step {
  constructor(readonly share: number) {
    super();
  }
  async run(model: Model, { journal }: Real): Promise<void> {
    await journal.sync();
    const cursor = await journal.cursor('c');
    expect(cursor.seq).toBe(model.cursor);
    const next = model.cursor + Math.floor((model.values.length - model.cursor) * this.share);
    await cursor.advance(model.cursor, next);
    model.cursor = next;
  }
  override toString = () => `advance(${this.share})`;
}

class Reopen extends Step {
  async run(model: Model, real: Real): Promise<void> {
    await real.journal.close();
    real.journal = await Journal.open<string>(real.directory, { segmentBytes });
    expect(real.journal.recovery).toMatchObject({ path: 'clean', tail: 'clean' });
    expect(real.journal).toMatchObject({
      firstSeq: model.firstSeq,
      lastSeq: model.values.length,
      durableSeq: model.values.length,
    });
  }
  override toString = () => 'reopen';
}

class Read extends Step {
  constructor(
    readonly from: number,
    readonly to: number,
    readonly reverse: boolean,
  ) {
    super();
  }
  async run(model: Model, { journal }: Real): Promise<void> {
    await journal.sync();
    const span = model.values.length - model.firstSeq + 1;
    if (span <= 0) return;
    const ends = [this.from, this.to].map(
      (share) => model.firstSeq + Math.floor((span - 1) * share),
    );
    const [from, to] = [Math.min(...ends), Math.max(...ends)];
    const expected = model.values
      .slice(from - 1, to)
      .map((each, index) => ({ seq: from + index, value: each }));
    const read = await collect(journal.read({ from, to, reverse: this.reverse }));
    expect(read).toEqual(this.reverse ? expected.reverse() : expected);
    expect(await journal.get(from)).toEqual({ seq: from, value: model.values[from - 1] });
    if (model.firstSeq > 1) {
      await expect(journal.get(model.firstSeq - 1)).rejects.toMatchObject({
        code: 'ERR_TIDEMARK_TRUNCATED',
      });
    }
  }
  override toString = () => `read(${this.from}, ${this.to}, reverse ${this.reverse})`;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const steps = [
  fc.array(value, { maxLength: 30 }).map((values) => new Append(values)),
  fc
    .tuple(fc.array(value, { minLength: 1, maxLength: 30 }), fc.nat(4))
    .map(([values, n]) => new Batch(values, n === 0)),
  fc
    .tuple(fc.array(value, { maxLength: 30 }), fc.boolean())
    .map(([values, sync]) => new Write(values, sync)),
  share.map((at) => new Truncate(at)),
  share.map((at) => new Advance(at)),
  fc.constant(new Reopen()),
  fc.tuple(share, share, fc.boolean()).map(([from, to, reverse]) => new Read(from, to, reverse)),
];

describe('a journal', () => {
  it('does what its model does, whatever the history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 40 }), async (commands) => {
        const directory = temporaryDirectory();
        const journal = await Journal.open<string>(directory, { segmentBytes });
        await journal.cursor('c');
        const real: Real = { directory, journal };
        try {
          const model = { values: [], firstSeq: 1, cursor: 0 };
          await fc.asyncModelRun(() => ({ model, real }), commands);
        } finally {
          await real.journal.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
