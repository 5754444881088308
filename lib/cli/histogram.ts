// Latencies as numbers and as a picture of text.

import * as format from './format';

export interface Latency {
  readonly count: number;
  /** All in nanoseconds. */
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Sorts the samples in place. Undefined when there are none. */
export function summarise(samples: Float64Array): Latency | undefined {
  const count = samples.length;
  if (count === 0) return undefined;
  samples.sort();
  const at = (share: number): number =>
    samples[Math.min(count - 1, Math.ceil(share * count) - 1)] ?? 0;
  return {
    count,
    min: samples[0] ?? 0,
    mean: samples.reduce((sum, value) => sum + value, 0) / count,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: samples[count - 1] ?? 0,
  };
}

export interface Bucket {
  /** Nanoseconds: from, inclusive, to, exclusive; to is twice from. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** One bucket for each doubling, without empty ones at either end. */
export function doublings(samples: Float64Array): Bucket[] {
  const counts = new Map<number, number>();
  for (const sample of samples) {
    const power = Math.floor(Math.log2(Math.max(1, sample)));
    counts.set(power, (counts.get(power) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const powers = [...counts.keys()];
  const [lowest, highest] = [Math.min(...powers), Math.max(...powers)];
  return Array.from({ length: highest - lowest + 1 }, (_, index) => ({
    from: 2 ** (lowest + index),
    to: 2 ** (lowest + index + 1),
    count: counts.get(lowest + index) ?? 0,
  }));
}

const barSize = 40;
const barSteps = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar in eighths of a character; anything above nothing is seen. */
export function textBar(value: number, largest: number, size = barSize): string {
  if (!(value > 0) || !(largest > 0)) return '';
  const eighths = Math.max(1, Math.round((value / largest) * size * barSteps.length));
  const rest = barSteps[eighths % barSteps.length] ?? '';
  return '█'.repeat(Math.floor(eighths / barSteps.length)) + rest;
}

/** The histogram, a doubling a line. */
export function chart(samples: Float64Array): string {
  const buckets = doublings(samples);
  const largest = Math.max(...buckets.map((bucket) => bucket.count));
  return buckets
    .map((bucket) => {
      const from = format.nanoseconds(bucket.from).padStart(9);
      const to = format.nanoseconds(bucket.to).padStart(9);
      const share = `${((100 * bucket.count) / samples.length).toFixed(1)} %`.padStart(7);
      return `  ${from} –${to} ${share}  ${textBar(bucket.count, largest)}`.trimEnd();
    })
    .join('\n');
}
