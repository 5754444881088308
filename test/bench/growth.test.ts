// The page of `npm run bench:growth`, made of small runs with known figures.
import { describe, expect, it } from 'vitest';
import { growthReport } from '../../bench/js/growth/report.mjs';

type Rounds = Record<string, Record<string, number>>[];

/** Rounds in which one worker and eight of them appended so many records a second. */
const workerRounds = (one: number[], eight: number[]): Rounds =>
  one.map((perSecond, round) => ({
    1: { perSecond, recordsPerCommit: 128, cpuMicros: 2 },
    8: { perSecond: eight[round] ?? Number.NaN, recordsPerCommit: 500, cpuMicros: 3 },
  }));

const openRounds = (milliseconds: number[]): Rounds =>
  milliseconds.map((many) => ({
    few: { milliseconds: 8, bytesRead: 1, segments: 16 },
    many: { milliseconds: many, bytesRead: 1, segments: 16 },
  }));

const taken = (figures: object) => ({ seconds: 7, load: [0.25, 3.75], others: 0.42, figures });

function run(parts: Record<string, object>, scale = 1) {
  return {
    command: 'npm run bench:growth',
    date: '2026-01-02T03:04:05.000Z',
    seconds: 9,
    machine: {
      processor: 'a processor',
      cores: 2,
      memoryGiB: 8,
      system: 'a system',
      fileSystem: 'ext4',
      scheduling: '',
      node: '20.0.0',
    },
    versions: { lmdb: '1.2.3' },
    settings: { rounds: 3, scale },
    parts: Object.fromEntries(Object.entries(parts).map(([name, one]) => [name, taken(one)])),
  };
}

const workers = (one: number[], eight: number[]) => ({
  workers: {
    callers: 128,
    warmMs: 1,
    measuredMs: 1,
    counts: [1, 8],
    rounds: workerRounds(one, eight),
  },
});

const open = (milliseconds: number[]) => ({
  open: {
    records: { few: 100, many: 1000 },
    opens: 5,
    clean: openRounds(milliseconds),
    killed: openRounds(milliseconds),
  },
});

/** The cells of the line of the targets that begins like this. */
function target(page: string, what: string): string[] {
  const line = page.split('\n').find((one) => one.startsWith(`| ${what}`)) ?? '';
  return line.split('|').map((cell) => cell.trim());
}

describe('the page of growth', () => {
  it('shows medians of the ratios inside the rounds, not a ratio of medians', () => {
    // The ratios are 3, 1 and 0.5; the medians of the columns are 300 and 200.
    const page = growthReport(run(workers([100, 300, 200], [300, 300, 100])));
    const [, , bound, measured] = target(page, '8 workers');
    expect(bound).toBe('≥ 1.50×');
    expect(measured).toBe('1.00× (0.50–3.00)');
  });

  it('says of a missed target by how much it is missed', () => {
    const page = growthReport(run({ ...workers([100], [120]), ...open([30]) }));
    expect(target(page, '8 workers')[4]).toBe('**missed by 20 %**');
    expect(target(page, 'open after')[4]).toBe('**missed by 50 %**');
  });

  it('says of a target that it is met, at the bound too', () => {
    const page = growthReport(run({ ...workers([100], [150]), ...open([16]) }));
    expect(target(page, '8 workers')[4]).toBe('met');
    expect(target(page, 'open after')[4]).toBe('met');
    expect(target(page, 'the same beside')[4]).toBe('met');
  });

  it('decides by the median, whatever the other rounds were', () => {
    const page = growthReport(run(open([10, 500, 12])));
    expect(target(page, 'open after').slice(3, 5)).toEqual(['12.0 ms (10.0–500.0)', 'met']);
  });

  it('says when it was not the full run, and what else the machine did', () => {
    const small = growthReport(run(workers([100], [150]), 0.01));
    expect(small).toContain('**Not the full run**: numbers of records times 0.01.');
    expect(small).toContain('| Worker threads | 7 | 0.25 | 3.75 | 42 % |');
    expect(growthReport(run(workers([100], [150])))).not.toContain('Not the full run');
  });

  it('leaves out what was not taken', () => {
    const page = growthReport(run(workers([100], [150])));
    expect(page).toContain('## Worker threads');
    expect(page).not.toContain('## Opening');
  });
});
