import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ratio } from '../../bench/js/figures.mjs';
import { page, writeReport } from '../../bench/js/report.mjs';
import { judge, targets } from '../../bench/js/targets.mjs';
import { syntheticRun } from './synthetic-run';

const target = (name: string, against: string, figure: string) => {
  const found = targets.find(
    (one) => one.case === name && one.against === against && one.figure === figure,
  );
  if (!found) throw new Error('no such target');
  return found;
};

const round = (tidemark: number, lmdb: number) => ({
  'objects-64': { tidemark: { perSecond: tidemark }, lmdb: { perSecond: lmdb } },
});

/** The machine is ten times as fast in some rounds: only inside a round is there a ratio. */
const unsteady = syntheticRun([
  round(1000, 1000),
  round(30_000, 10_000),
  round(2000, 1000),
  round(25_000, 10_000),
  round(1500, 1000),
]);

describe('the report of a benchmark', () => {
  test('takes ratios inside a round, and says their median and middle half', () => {
    expect(ratio(unsteady, 'objects-64', 'lmdb', 'perSecond')).toEqual({
      median: 2,
      low: 1.5,
      high: 2.5,
    });
    const skewed = syntheticRun([round(1000, 4000), round(8000, 5000), round(6000, 3000)]);
    // The medians of the rates are 6,000 and 4,000; no round had that ratio.
    expect(ratio(skewed, 'objects-64', 'lmdb', 'perSecond')?.median).toBe(1.6);
    expect(page(skewed)).toContain('1.60× (0.25–2.00)');
  });

  test('the median of an even number of rounds lies between the middle ones', () => {
    const run = syntheticRun([1, 2, 4, 7].map((own) => round(own * 1000, 1000)));
    expect(ratio(run, 'objects-64', 'lmdb', 'perSecond')?.median).toBe(3);
  });

  test('says of a missed target that it was missed, and by how much', () => {
    const run = syntheticRun([round(1440, 1000)]);
    const verdict = judge(run, target('objects-64', 'lmdb', 'perSecond'));
    expect(verdict).toMatchObject({ met: false, verdict: '**missed** by 20.0 %' });
    expect(page(run)).toMatch(
      /\| objects, 64 callers \| records\/s \| lmdb \| ≥ 1\.8× .*\*\*missed\*\* by 20\.0 %/,
    );
  });

  test('a target is met at its limit, and its stretch is told apart', () => {
    const at = (perSecond: number) =>
      judge(syntheticRun([round(perSecond, 1000)]), target('objects-64', 'lmdb', 'perSecond'))
        .verdict;
    expect(at(1799)).toMatch(/missed/);
    expect(at(1800)).toBe('met');
    expect(at(2200)).toBe('met, and the stretch');
  });

  test('less is better where the target is a most, and a difference is no ratio', () => {
    const of = (own: number) =>
      judge(
        syntheticRun([
          {
            'objects-1024': {
              tidemark: { perSecond: 1000, threadCpuMicros: own },
              'no-io': { perSecond: 1000, threadCpuMicros: 1 },
            },
          },
        ]),
        target('objects-1024', 'no-io', 'threadCpuMicros'),
      ).verdict;
    expect(of(1.05)).toBe('met, and the stretch');
    expect(of(1.1)).toBe('met');
    expect(of(1.25)).toBe('**missed** by 0.100 µs');
  });

  test('a target is not met by what was not measured', () => {
    const alone = syntheticRun([{ 'objects-64': { tidemark: { perSecond: 1000 } } }]);
    const verdicts = targets.map((one) => judge(alone, one));
    expect(verdicts.every(({ verdict, met }) => verdict === 'not measured' && !met)).toBe(true);
  });

  test('says in every row what an acknowledgement means', () => {
    const rows = page(unsteady)
      .split('\n')
      .filter((line) => /^\| (\*\*tidemark\*\*|lmdb) \| [\d.]+k /.test(line));
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row).toMatch(/stable storage/);
  });

  test('says of a short run that it is one', () => {
    expect(page(unsteady)).not.toMatch(/short run \(/);
    const short = { ...unsteady, settings: { ...unsteady.settings, scale: 0.1 } };
    expect(page(short)).toMatch(/A short run \(scale 0\.1\)/);
  });

  test('draws every system that took part', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tidemark-report-'));
    try {
      writeReport(unsteady, directory);
      for (const name of ['throughput', 'latency']) {
        const svg = readFileSync(join(directory, 'benchmarks', `${name}.svg`), 'utf8');
        expect(svg).toMatch(/>tidemark<.*>lmdb</s);
        expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      }
      expect(readFileSync(join(directory, 'benchmarks.md'), 'utf8')).not.toMatch(/NaN|undefined/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
