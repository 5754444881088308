// Progress: counts, active time, rates and what is left, on a clock of the test's own.
import fc from 'fast-check';
import { Progress, type ProgressSnapshot } from 'tidemark';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { applyEvent, type ScanValue } from '#lib/scan/marks';
import { progressOf } from '#lib/scan/reading';

function withClock(options: { total?: number | null; activeMs?: number } = {}) {
  const clock = { ms: 0 };
  return { clock, progress: new Progress({ ...options, now: () => clock.ms }) };
}

describe('of a scan that is only looked at', () => {
  it('no time passes: it is the same each time, so that --watch prints what changed', () => {
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 1;
      return now;
    });
    onTestFinished(() => clock.mockRestore());
    const value: ScanValue = new Map();
    for (const target of ['a', 'b']) applyEvent(value, { complete: target, ms: 500 });
    const progress = progressOf(value);
    const first = progress.toJSON();
    expect(first).toMatchObject({ complete: 2, activeMs: 500, rate: 4 });
    expect(progress.toJSON()).toEqual(first);
    expect(progressOf(value).toJSON()).toEqual(first);
  });
});

describe('rates and what is left', () => {
  it('are unknown before anything is done', () => {
    const { clock, progress } = withClock({ total: 10 });
    clock.ms = 5000;
    expect(progress.toJSON()).toMatchObject({ rate: null, recentRate: null, eta: null });
  });

  it('are those of what was done in active time', () => {
    const { clock, progress } = withClock({ total: 40 });
    clock.ms = 10_000;
    progress.add({ complete: 8, skipped: 1, failed: 1, findings: 3 });
    expect(progress.rate).toBe(1);
    expect(progress.eta).toBeGreaterThan(0);
    expect(progress.toJSON()).toMatchObject({ complete: 8, skipped: 1, failed: 1, findings: 3 });
  });

  it('S10: a total of 0 is done', () => {
    expect(withClock({ total: 0 }).progress.eta).toBe(0);
  });

  it('S10: more processed than there were is done', () => {
    const { clock, progress } = withClock({ total: 2 });
    clock.ms = 1000;
    progress.add({ complete: 3 });
    expect(progress.eta).toBe(0);
  });

  it('S10: a clock that goes backwards neither counts nor stops', () => {
    const { clock, progress } = withClock({ total: 10 });
    clock.ms = 1000;
    expect(progress.activeMs).toBe(1000);
    clock.ms = -3_600_000;
    expect(progress.activeMs).toBe(1000);
    clock.ms = -3_599_000;
    progress.add({ complete: 1 });
    expect(progress.activeMs).toBe(2000);
    expect(progress.rate).toBe(0.5);
  });

  it('S10: downtime between two runs is not active time', () => {
    const first = withClock({ total: 10 });
    first.clock.ms = 10_000;
    first.progress.add({ complete: 5 });
    const { activeMs } = first.progress;
    const second = withClock({ total: 10, activeMs });
    second.clock.ms = 3_600_000; // the clock of the second run began anywhere
    const again = new Progress({ total: 10, activeMs, now: () => second.clock.ms });
    again.restore({ complete: 5 });
    expect(again.activeMs).toBe(10_000);
    expect(again.rate).toBe(0.5);
    expect(again.recentRate).toBeNull();
    expect(again.eta).toBe(10_000);
  });

  it('S10: counters near 2^53 stay finite', () => {
    const { clock, progress } = withClock({ total: Number.MAX_SAFE_INTEGER });
    clock.ms = 1;
    progress.add({ complete: Number.MAX_SAFE_INTEGER - 1, findings: Number.MAX_SAFE_INTEGER });
    progress.add({ complete: 1, skipped: 1, findings: 1 });
    expect(progress.processed).toBe(Number.MAX_SAFE_INTEGER);
    expect(progress.findings).toBe(Number.MAX_SAFE_INTEGER);
    expect(Number.isFinite(progress.rate)).toBe(true);
    expect(progress.eta).toBe(0);
  });

  it('leave pauses out', () => {
    const { clock, progress } = withClock();
    clock.ms = 1000;
    progress.pause();
    clock.ms = 50_000;
    expect(progress.activeMs).toBe(1000);
    progress.resume();
    clock.ms = 51_000;
    expect(progress.activeMs).toBe(2000);
  });

  it('follow a total that grows', () => {
    const { clock, progress } = withClock({ total: 2 });
    clock.ms = 2000;
    progress.add({ complete: 2 });
    expect(progress.eta).toBe(0);
    progress.total = 4;
    expect(progress.eta).toBeGreaterThan(0);
    progress.total = null;
    expect(progress.eta).toBeNull();
  });

  it('the recent one forgets what was long ago, the other does not', () => {
    const { clock, progress } = withClock({ total: 1_000_000 });
    for (let second = 1; second <= 600; second++) {
      clock.ms = second * 1000;
      progress.add({ complete: 100 });
    }
    for (let second = 601; second <= 720; second++) {
      clock.ms = second * 1000;
      progress.add({ complete: 1 });
    }
    expect(progress.recentRate).toBeLessThan(4);
    expect(progress.rate).toBeGreaterThan(80);
  });

  it('what was done elsewhere makes no rate', () => {
    const { clock, progress } = withClock({ total: 1000 });
    progress.restore({ complete: 500 }, 500);
    clock.ms = 1000;
    expect(progress.rate).toBeNull();
    progress.add({ complete: 1 });
    expect(progress.rate).toBe(1);
  });

  it('are finite, never negative, and consistent whatever happens', () => {
    const step = fc.record({
      ms: fc.integer({ min: -100_000, max: 100_000 }),
      change: fc.record(
        {
          complete: fc.integer({ min: -3, max: 1_000_000 }),
          skipped: fc.integer({ min: -3, max: 10 }),
          failed: fc.integer({ min: -3, max: 10 }),
          findings: fc.maxSafeNat(),
        },
        { requiredKeys: [] },
      ),
      total: fc.option(fc.maxSafeNat()),
      pause: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { clock, progress } = withClock();
        let active = 0;
        for (const { ms, change, total, pause } of steps) {
          clock.ms += ms;
          progress.total = total;
          if (pause) progress.pause();
          else progress.resume();
          progress.add(change);
          const shown = progress.toJSON();
          expect(shown.activeMs).toBeGreaterThanOrEqual(active);
          active = shown.activeMs;
          for (const rate of [shown.rate, shown.recentRate, shown.eta]) {
            if (rate !== null) expect(Number.isFinite(rate) && rate >= 0).toBe(true);
          }
          const { complete, skipped, failed } = shown;
          if (total !== null && complete + skipped + failed >= total) expect(shown.eta).toBe(0);
          if (total === null) expect(shown.eta).toBeNull();
          expect(JSON.parse(JSON.stringify(progress))).toEqual(shown);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("'update'", () => {
  it('comes at most ten times a second, and for the last change', () => {
    vi.useFakeTimers();
    try {
      const { progress } = withClock({ total: 100 });
      const seen: ProgressSnapshot[] = [];
      progress.on('update', (snapshot) => seen.push(snapshot));
      for (let n = 0; n < 50; n++) progress.add({ complete: 1 });
      expect(seen).toHaveLength(0);
      vi.advanceTimersByTime(100);
      expect(seen.map(({ complete }) => complete)).toEqual([50]);
      progress.add({ complete: 1 });
      progress.flush();
      expect(seen.map(({ complete }) => complete)).toEqual([50, 51]);
      progress.flush();
      expect(seen).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('arguments', () => {
  it('are checked', () => {
    expect(() => new Progress({ total: -1 })).toThrow(RangeError);
    expect(() => new Progress({ totals: 1 } as never)).toThrow(/"total"/);
    const { progress } = withClock();
    expect(() => {
      progress.total = 1.5;
    }).toThrow(RangeError);
  });
});
