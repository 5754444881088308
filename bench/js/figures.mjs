// Finds the figures of a run (bench/results/js.json), round by round: what is compared was taken in
// the same round.
import { spread } from './statistics.mjs';

const inRound = (round, caseName, system) =>
  round.taken
    .find((one) => one.case === caseName)
    ?.figures.find((figures) => figures.system === system);

/** The figures of each round; none where the system did not take part. */
export function figuresOf(run, caseName, system) {
  return run.rounds.flatMap((round) => inRound(round, caseName, system) ?? []);
}

/** Median and middle half of one figure over the rounds, undefined where it was not taken. */
export function figure(run, caseName, system, name) {
  const values = figuresOf(run, caseName, system)
    .map((figures) => figures[name])
    .filter(Number.isFinite);
  return values.length > 0 ? spread(values) : undefined;
}

/**
 * Median and middle half, over the rounds, of what `compare(own, other)` says of the figure of
 * tidemark and that of another system in one round.
 */
function compared(run, caseName, system, name, compare) {
  const values = run.rounds
    .map((round) => [inRound(round, caseName, 'tidemark'), inRound(round, caseName, system)])
    .map(([own, other]) => compare(own?.[name], other?.[name]))
    .filter(Number.isFinite);
  return values.length > 0 ? spread(values) : undefined;
}

export const ratio = (run, caseName, system, name) =>
  compared(run, caseName, system, name, (own, other) => own / other);

export const difference = (run, caseName, system, name) =>
  compared(run, caseName, system, name, (own, other) => own - other);
