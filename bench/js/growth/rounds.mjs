// Figures of interleaved rounds. A round holds the figures of each variant, taken one after the other:
// ratios are taken inside a round, where the machine was the same for both.

/** The figure `key` of a variant in each round. */
export const each = (rounds, variant, key) => rounds.map((round) => round[variant][key]);

/** The same of one variant divided by that of another, in each round. */
export const ratios = (rounds, above, below, key) =>
  rounds.map((round) => round[above][key] / round[below][key]);
