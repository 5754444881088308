// What is wrong with the journal that a killed writer left, in sentences; nothing when all is well.
import { Journal, verify } from '../../../dist/index.mjs';

/** The facts of two opens with no writer in between have to be the same. */
export function judgeSame(before, after) {
  const problems = [];
  for (const key of ['firstSeq', 'lastSeq', 'tail']) {
    if (before[key] === undefined || before[key] === after[key]) continue;
    problems.push(`${key} is ${after[key]}, it was ${before[key]}`);
  }
  return problems;
}

/**
 * What a writer said, against what was recovered: `history` has been read to the end. `isLast`: no
 * other writer came behind it, which could have released records. `read`: so many of the records that
 * it was told are there have been read; the others were released before.
 */
export function judgeSaid({ producers, retains, isLast }, said, history, firstSeq) {
  const read = history.expect(said.acknowledged, 'acknowledged');
  history.expect(said.shown, 'a follower in the writer saw');
  const problems = [];
  for (const { by, mode, window } of producers) {
    const reached = history.reached(by);
    const submitted = said.submitted.get(by) ?? 0;
    if (reached > submitted)
      problems.push(`${by} appended ${submitted} records, ${reached} are there`);
    if (mode === 'batch' && reached % window !== 0) {
      problems.push(
        `a batch of ${window} by ${by} is there up to its ${reached % window}th record`,
      );
    }
  }
  const { asked, done } = said.truncation;
  if (firstSeq < done) problems.push(`truncated up to ${done}, the first record is ${firstSeq}`);
  if (isLast && !retains && asked > 0 && firstSeq > Math.max(asked, said.opened.firstSeq)) {
    problems.push(`asked to truncate up to ${asked}, the first record is ${firstSeq}`);
  }
  return { problems, read };
}

/** A later open names the cursor between what was durable and what was asked for. */
export function judgeCursor({ asked, done }, cursors, firstSeq) {
  const problems = [];
  const found = cursors.find(({ name }) => name === 'consumer')?.seq ?? 0;
  if (found < done) problems.push(`the cursor was advanced to ${done}, it is at ${found}`);
  // A new cursor begins in front of the first record, which it holds from then on.
  if (found > Math.max(asked, firstSeq - 1)) {
    problems.push(`the cursor was to go to ${asked} at most, it is at ${found}`);
  }
  // Without a cursor there is nothing that holds records back.
  if (cursors.length > 0 && firstSeq > found + 1) {
    problems.push(`the cursor is at ${found}, and the first record is ${firstSeq}`);
  }
  return problems;
}

/** One read-only open: reads all there is into the history. */
export async function look(directory, history) {
  const journal = await Journal.open(directory, { readOnly: true });
  try {
    const { firstSeq, lastSeq, recovery } = journal;
    const records = await history.read(journal);
    return { firstSeq, lastSeq, tail: recovery.tail, row: recovery.row, records };
  } finally {
    await journal.close();
  }
}

/** The offline checker has to find nothing but the tail that the open found. */
export async function judgeFiles(directory, facts) {
  const report = await verify(directory);
  const problems = report.problems.map(({ detail }) => `verify: ${detail}`);
  if (report.ok !== (problems.length === 0 && report.tail === 'clean')) {
    problems.push(`verify says ok: ${report.ok}, tail: ${report.tail}`);
  }
  problems.push(...judgeSame(facts, report));
  return { problems, report };
}
