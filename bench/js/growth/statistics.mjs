// Figures of interleaved rounds. A round holds the figures of each variant, taken one after the other:
// ratios are taken inside a round, where the machine was the same for both.
import { quantile } from '../workload.mjs';

/** Median, and the range of the middle half. */
export function spread(numbers) {
  const ascending = [...numbers].sort((a, b) => a - b);
  const middle = ascending.length / 2;
  const median =
    ascending.length % 2 === 1
      ? ascending[Math.floor(middle)]
      : (ascending[middle - 1] + ascending[middle]) / 2;
  return { median, low: quantile(ascending, 0.25), high: quantile(ascending, 0.75) };
}

/** The figure `key` of a variant in each round. */
export const each = (rounds, variant, key) => rounds.map((round) => round[variant][key]);

/** The same of one variant divided by that of another, in each round. */
export const ratios = (rounds, above, below, key) =>
  rounds.map((round) => round[above][key] / round[below][key]);
