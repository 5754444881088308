// The judge of a disk that lied: it said that bytes were written, and they are not there. Nothing can
// keep them, so the oracle is the second half of the promise: damage is named, never hidden. What is
// still shown is right, and every loss is reported with its range.
import { join } from 'node:path';
import { Journal, salvage } from 'tidemark';
import { idOf, isWhole } from './records.mjs';
import { mustBeThere, toldBy } from './told.mjs';

async function read(directory) {
  const journal = await Journal.open(directory, { codec: 'binary' });
  try {
    const records = [];
    for await (const { seq, value } of journal.read()) records.push({ seq, value });
    return { records, firstSeq: journal.firstSeq, recovery: journal.recovery };
  } finally {
    await journal.close();
  }
}

/** What is shown is what was submitted, at the seq that was acknowledged. */
function judgeShown(told, records) {
  const problems = [];
  for (const { seq, value } of records) {
    const record = told.records.get(idOf(value));
    if (record === undefined || !isWhole(value)) problems.push(`seq ${seq} is nobody's record`);
    else if (record.seq !== undefined && record.seq !== seq) {
      problems.push(`record ${idOf(value)} was acknowledged as ${record.seq} and is ${seq}`);
    }
  }
  return problems;
}

const lostOf = (told, { records, firstSeq }) => {
  const found = new Set(records.map(({ seq }) => seq));
  return [...told.records.values()]
    .filter((record) => mustBeThere(record) && record.seq >= firstSeq && !found.has(record.seq))
    .map(({ seq }) => seq);
};

/** @returns { problems, named }: what names the damage, 'nothing' where there is no loss */
export async function judgeAfterLie(directory, lines) {
  const told = toldBy(lines);
  try {
    const seen = await read(directory);
    const problems = judgeShown(told, seen.records);
    const lost = lostOf(told, seen);
    if (lost.length === 0) return { problems, named: 'nothing' };
    const { cut, tail } = seen.recovery;
    if (cut === undefined) problems.push(`seqs ${lost} are gone, and the open says nothing`);
    return { problems, named: tail };
  } catch (error) {
    return judgeRefusal(directory, told, error);
  }
}

async function judgeRefusal(directory, told, error) {
  const problems = [];
  if (error.code !== 'ERR_TIDEMARK_CORRUPT') problems.push(`refused: ${error.code}`);
  if (error.path === undefined) problems.push('the refusal names no file');
  const rescued = join(directory, '..', 'rescued');
  const report = await salvage(directory, rescued);
  const seen = await read(rescued);
  problems.push(...judgeShown(told, seen.records));
  for (const seq of lostOf(told, seen)) {
    const isNamed =
      report.lost.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq) ||
      (seq >= error.fromSeq && seq <= (error.toSeq ?? seq));
    if (!isNamed) problems.push(`seq ${seq} is gone, and neither open nor salvage names it`);
  }
  return { problems, named: 'refusal' };
}
