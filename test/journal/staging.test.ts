// Records wait for their hand-over in memory that codecs encode into. Whatever comes between, every
// record is what was appended.
import fc from 'fast-check';
import { msgpack } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { openJournal as openInternal } from '#lib/journal/open';
import type { Writer } from '#lib/journal/writer';
import { openJournal, rejection, temporaryDirectory, valuesOf } from '../support/journals';

const codecs = {
  msgpack: 'msgpack',
  structures: msgpack<unknown>({ structures: true }),
  json: 'json',
} as const;
const own = msgpack<unknown>();

// Around what a place in the memory takes, what begins a new one, and what no hand-over has room for.
const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 3, arbitrary: fc.integer({ min: 900, max: 5000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 15_000, max: 90_000 }) },
);
const texts = fc.tuple(lengths, fc.constantFrom('a', 'é', '\u{1F30A}')).map(([length, unit]) => {
  return unit.repeat(length);
});
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append'), text: texts }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('write'), text: texts }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('batch'),
      list: fc.array(texts, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('refused', 'sync', 'encode', 'turn') }),
  },
);

describe.each(Object.entries(codecs))('records of %s', (_, codec) => {
  it('are what was appended, whatever came between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100 }), async (steps) => {
        const one = await openJournal<unknown>(temporaryDirectory(), { codec });
        const other = await openJournal<unknown>(temporaryDirectory(), { codec });
        const expected: unknown[] = [];
        const pending: Promise<unknown>[] = [];
        const keep = (value: unknown) => {
          expected.push(value);
          return value;
        };
        for (const [i, { kind, ...of }] of steps.entries()) {
          const { text, list } = of as { text?: string; list?: string[] };
          if (kind === 'append') {
            pending.push(one.append(keep({ i, text })));
            pending.push(other.append(expected.at(-1)));
          } else if (kind === 'write') {
            one.write(keep({ i, text }));
            other.write(expected.at(-1));
          } else if (kind === 'batch') {
            const values = (list as string[]).map((member) => keep({ i, member }));
            pending.push(one.appendBatch(values), other.appendBatch(values));
          } else if (kind === 'refused') {
            const refused = {
              text: 'x'.repeat(300),
              get bad(): unknown {
                throw new Error('no value');
              },
            };
            pending.push(rejection(one.append(refused)));
          } else if (kind === 'sync') {
            // Hands over what waits while the next record is being encoded.
            const flushing = {
              before: 'b'.repeat(50),
              get now(): unknown {
                pending.push(one.sync());
                return 'flushed';
              },
              after: 'a',
            };
            pending.push(one.append(flushing));
            keep({ before: 'b'.repeat(50), now: 'flushed', after: 'a' });
            pending.push(other.append(expected.at(-1)));
          } else if (kind === 'encode') {
            const value = { own: 'use of the codec' };
            expect(own.decode(own.encode(value))).toEqual(value);
          } else {
            await Promise.resolve();
          }
        }
        await Promise.all(pending);
        await Promise.all([one.sync(), other.sync()]);
        expect(await valuesOf(one.read())).toEqual(expected);
        expect(await valuesOf(other.read())).toEqual(expected);
        await Promise.all([one.close(), other.close()]);
      }),
      { numRuns: 12 },
    );
  });
});

describe('binary records', () => {
  it('of any length stand beside each other without what was between them', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    const records = Array.from({ length: 300 }, (_, i) => Buffer.alloc(i % 23, i));
    await Promise.all(records.map((record) => journal.append(record)));
    expect(await valuesOf(journal.read())).toEqual(records);
  });

  it('count their own bytes only', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    const before = journal.stats();
    await Promise.all(Array.from({ length: 100 }, () => journal.append(Buffer.alloc(3, 1))));
    expect(journal.stats().payloadBytes - before.payloadBytes).toBe(300);
  });
});

describe('the addon', () => {
  it('refuses payloads that do not stand and end where their lengths say, and writes nothing', async () => {
    const { source } = await openInternal(temporaryDirectory(), undefined);
    const writer = source as Writer;
    const handOver = (used: number, lengths: number[], size = 64) => {
      const control = new Float64Array(16);
      control[0] = used;
      control[1] = lengths.length;
      control[5] = -1; // no ifLastSeq
      const bytes = Buffer.alloc(size, 7);
      return writer.handle.handOver(
        bytes,
        Uint32Array.from(lengths),
        undefined,
        undefined,
        control,
      );
    };
    for (const [used, lengths, size] of [
      [11, [3, 4]], // the second begins at 8
      [13, [3, 4]],
      [12, [3, 5]],
      [12, [3, 0xffff_ffff]],
      [72, [64, 8]], // more than there is
      [8, [], 64],
    ] as [number, number[], number?][]) {
      expect(handOver(used, lengths, size)?.message).toMatch(/do not fit their lengths/);
    }
    expect(writer.lastSeq).toBe(0);
    expect(handOver(12, [3, 4])).toBeUndefined();
    expect(writer.lastSeq).toBe(2);
    await writer.close();
  });
});
