// Adds up the verdicts of runs.

const MOST_PROBLEMS = 10;

export const emptyTally = () => ({
  cuts: 0,
  images: [], // the digests of those that were judged, each once
  withPendingWrites: 0,
  whileRecovering: 0, // in a run that began from an earlier cut
  refusedByFileSystem: 0,
  wanting: 0,
  cutsWithLoss: 0,
  lost: 0,
  unreadable: 0,
  otherwiseWrong: 0,
  acknowledged: 0, // records that had to be there, summed over the cuts
  modes: {},
  tails: {},
  rows: {},
  problems: [],
});

const count = (object, key) => {
  object[key] = (object[key] ?? 0) + 1;
};

export function tallyUp(tally, verdicts) {
  for (const verdict of verdicts) {
    tally.cuts += 1;
    count(tally.modes, verdict.mode);
    if (verdict.pendingWrites > 0) tally.withPendingWrites += 1;
    if (verdict.generation > 1) tally.whileRecovering += 1;
    if (verdict.refused !== undefined) {
      tally.refusedByFileSystem += 1;
      tally.problems.push(`${verdict.mode}: not mounted: ${verdict.refused}`);
      continue;
    }
    if (!tally.images.includes(verdict.digest)) tally.images.push(verdict.digest);
    tally.acknowledged += verdict.acknowledged;
    if (verdict.lost > 0) tally.cutsWithLoss += 1;
    tally.lost += verdict.lost;
    if (verdict.unreadable) tally.unreadable += 1;
    if (verdict.report) {
      count(tally.tails, verdict.report.tail);
      if (verdict.report.row) count(tally.rows, verdict.report.row);
    }
    if (verdict.problems.length > 0) {
      tally.wanting += 1;
      if (verdict.lost === 0 && !verdict.unreadable) tally.otherwiseWrong += 1;
      const where = verdict.kept === undefined ? '' : ` (kept in ${verdict.kept})`;
      tally.problems.push(`${verdict.mode}: ${verdict.problems.join('; ')}${where}`);
    }
  }
  tally.problems.splice(MOST_PROBLEMS);
}
