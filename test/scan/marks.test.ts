// The events of a scan against a model of them: the first mark in the order of seqs holds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activeOf,
  applyEvent,
  countsOf,
  entriesOf,
  entryOf,
  packEntry,
  type ScanEvent,
  type ScanValue,
  statusOf,
  unpackEntry,
} from '#lib/scan/marks';

const target = fc.oneof(fc.constantFrom('a', 'b', 'c', '', '0', '\0'), fc.string());
const findings = fc.oneof(fc.nat(5), fc.integer({ min: 2 ** 20 - 1, max: 2 ** 20 + 1 }));
const moment = { at: fc.nat(2 ** 31), ms: fc.nat(10_000) };
const event: fc.Arbitrary<ScanEvent> = fc.oneof(
  fc.record({ complete: target, findings, ...moment }, { requiredKeys: ['complete'] }),
  fc.record({ skipped: target, reason: fc.string(), ...moment }, { requiredKeys: ['skipped'] }),
  fc.record({ failed: target, error: fc.string(), ...moment }, { requiredKeys: ['failed'] }),
  fc.record({ found: findings, target, ...moment }, { requiredKeys: ['found', 'target'] }),
  fc.record({ unmark: target }),
);

interface Known {
  status: 'complete' | 'skipped' | 'failed' | undefined;
  findings: number;
}

/** The rules of a mark, said once more in another way. */
function model(events: readonly ScanEvent[]): Map<string, Known> {
  const known = new Map<string, Known>();
  const of = (name: string) => {
    const present = known.get(name) ?? { status: undefined, findings: 0 };
    known.set(name, present);
    return present;
  };
  for (const each of events) {
    if ('unmark' in each) known.delete(each.unmark);
    else if ('found' in each) {
      if (each.found > 0) of(each.target).findings += each.found;
    } else if ('complete' in each) {
      const present = of(each.complete);
      if (present.status === 'complete' || present.status === 'skipped') continue;
      present.status = 'complete';
      present.findings += each.findings ?? 0;
    } else if ('skipped' in each) {
      const present = of(each.skipped);
      if (present.status !== 'complete') present.status = 'skipped';
    } else if ('failed' in each) of(each.failed).status ??= 'failed';
  }
  return known;
}

describe('marks', () => {
  it('are what the rules say, and the counts what is there', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const value: ScanValue = new Map();
        const counts = { complete: 0, skipped: 0, failed: 0, findings: 0 };
        for (const each of events) {
          const change = applyEvent(value, each);
          for (const key of Object.keys(counts) as (keyof typeof counts)[]) {
            counts[key] += change[key] ?? 0;
          }
        }
        const expected = model(events);
        const found = new Map([...entriesOf(value)].map(([name, entry]) => [name, entry]));
        expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [name, { status, findings: number }] of expected) {
          expect(found.get(name)).toMatchObject({ status, findings: number });
        }
        expect(counts).toEqual(countsOf(value));
      }),
      { numRuns: 100 },
    );
  });

  it('of one target do not count twice, in whatever order they come', () => {
    const value: ScanValue = new Map();
    applyEvent(value, { complete: 'a', findings: 2 });
    applyEvent(value, { complete: 'a', findings: 7 });
    applyEvent(value, { skipped: 'a' });
    applyEvent(value, { failed: 'a', error: 'late' });
    expect(countsOf(value)).toEqual({ complete: 1, skipped: 0, failed: 0, findings: 2 });
  });

  it('a failure gives way to a retry that ends, and an unmark forgets', () => {
    const value: ScanValue = new Map();
    applyEvent(value, { failed: 'a', error: 'x' });
    applyEvent(value, { complete: 'a', findings: 1 });
    expect(statusOf(value, 'a')).toBe('complete');
    applyEvent(value, { unmark: 'a' });
    expect(entryOf(value, 'a')).toBeUndefined();
    applyEvent(value, { skipped: 'a', reason: 'robots' });
    expect(entryOf(value, 'a')).toMatchObject({ status: 'skipped', text: 'robots', findings: 0 });
  });

  it('carry the active time forwards only', () => {
    const value: ScanValue = new Map();
    applyEvent(value, { complete: 'a', ms: 500 });
    applyEvent(value, { complete: 'b', ms: 200 });
    applyEvent(value, { active: 450 });
    expect(activeOf(value)).toBe(500);
  });

  it('are packed and unpacked without loss', () => {
    const entry = fc.record({
      status: fc.constantFrom('complete', 'skipped', 'failed', undefined) as fc.Arbitrary<
        'complete' | undefined
      >,
      findings: fc.oneof(fc.nat(), fc.maxSafeNat()),
      at: fc.oneof(fc.nat(), fc.maxSafeNat()),
      text: fc.option(fc.string(), { nil: undefined }),
    });
    fc.assert(
      fc.property(entry, (each) => {
        expect(unpackEntry(packEntry(each))).toEqual(each);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    null,
    'complete',
    {},
    { complete: 5 },
    { complete: 'a', findings: -1 },
    { complete: 'a', findings: 0.5 },
    { complete: 'a', at: -1 },
    { found: 1 },
    { total: -1 },
    { finished: 'a' },
  ])('%j is no event, and changes nothing', (bad) => {
    const value: ScanValue = new Map();
    expect(() => applyEvent(value, bad as never)).toThrow(/no event of a scan/);
    expect(value.size).toBe(0);
  });
});
