// The oracle: acknowledged ⊆ recovered ⊆ submitted; a prefix in order; byte-identical; what one open
// showed, the next shows; recovering twice gives what recovering once gives.
import { Journal, verify } from 'tidemark';
import { idOf, isWhole, recordOf, segmentBytes } from './records.mjs';
import { mustBeThere, toldBy } from './told.mjs';

/** Of a kind of problem so many are told. */
const MOST_PROBLEMS = 10;
/** How far the record that the judge appends itself is behind the last one, in ids. */
const JUDGES = 50_000;

/** What an open shows: [seq, id], and whether all bytes are right. */
async function look(directory, options) {
  const journal = await Journal.open(directory, options);
  try {
    const records = [];
    const problems = [];
    for await (const { seq, value } of journal.read()) {
      if (!isWhole(value)) problems.push(`the bytes of seq ${seq} are nobody's`);
      records.push([seq, idOf(value)]);
    }
    const { firstSeq, lastSeq, recovery } = journal;
    const cursors = options.readOnly ? [] : await journal.cursors();
    if (records.length !== lastSeq - firstSeq + 1) {
      problems.push(`${records.length} records from ${firstSeq} to ${lastSeq}`);
    }
    for (const [index, [seq]] of records.entries()) {
      if (seq !== firstSeq + index) problems.push(`seq ${seq} where ${firstSeq + index} was due`);
    }
    return { firstSeq, lastSeq, records, cursor: cursors[0]?.seq, recovery, problems };
  } finally {
    await journal.close();
  }
}

const sameRecords = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What is wrong with the records that were found, given what was told. */
export function judgeRecords(told, { firstSeq, lastSeq, records }, rules = {}) {
  const problems = [];
  const found = new Map(records.map(([seq, id]) => [id, seq]));
  if (found.size !== records.length) problems.push('a record is there twice');
  if (firstSeq < told.firstSeq.least || firstSeq > told.firstSeq.most) {
    const { least, most } = told.firstSeq;
    problems.push(`firstSeq is ${firstSeq}, it was truncated to ${least} and at most to ${most}`);
  }
  for (const [seq, id] of records) {
    const record = told.records.get(id);
    if (record === undefined) problems.push(`seq ${seq} is record ${id}, which nobody submitted`);
    else if (record.outcome === 'not-written') {
      problems.push(`seq ${seq} is record ${id}, which was rejected as not written`);
    } else if (record.seq !== undefined && record.seq !== seq) {
      problems.push(`record ${id} was acknowledged as ${record.seq} and is ${seq}`);
    }
  }
  for (const [id, record] of told.records) {
    if (!mustBeThere(record, rules) || record.seq < firstSeq || found.has(id)) continue;
    problems.push(
      `record ${id} was acknowledged as ${record.seq} and is not there (to ${lastSeq})`,
    );
  }
  for (const [seq, id] of told.shown) {
    if (seq >= firstSeq && found.get(id) !== seq) {
      problems.push(`an open showed record ${id} as ${seq}, the next does not`);
    }
  }
  problems.push(
    ...judgeOrder(told, records, found, firstSeq),
    ...judgeBatches(told, found, firstSeq),
  );
  return problems;
}

/** Order of submission is order of seqs, and what is missing was not followed by what is there. */
function judgeOrder(told, records, found, firstSeq) {
  const problems = [];
  for (let n = 1; n < records.length; n += 1) {
    if (records[n][1] <= records[n - 1][1]) {
      problems.push(`record ${records[n][1]} comes behind ${records[n - 1][1]}`);
    }
  }
  const oldest = records[0]?.[1] ?? Number.POSITIVE_INFINITY;
  /** When the earliest refusal was told of a record that is behind the first one and missing. */
  let missing;
  for (const [id, record] of told.records) {
    if (found.has(id)) {
      if (missing !== undefined && record.at < missing.refusedAt) {
        problems.push(`record ${id} is there, ${missing.id} in front of it is not`);
      }
      continue;
    }
    const released = record.seq !== undefined ? record.seq < firstSeq : id < oldest;
    if (released) continue;
    if (missing === undefined || record.refusedAt > missing.refusedAt) {
      missing = { id, refusedAt: record.refusedAt };
    }
  }
  return problems;
}

function judgeBatches(told, found, firstSeq) {
  const problems = [];
  for (const [id, { batch }] of told.records) {
    if (batch[0] !== id) continue;
    // A truncation may have released the front of a batch.
    const due = batch.filter((one) => !(told.records.get(one).seq < firstSeq));
    const there = due.filter((one) => found.has(one)).length;
    if (there > 0 && there < due.length) {
      problems.push(`of the batch that begins with ${id} ${there} of ${due.length} are there`);
    }
  }
  return problems;
}

function judgeCursor(told, cursor) {
  if (!told.cursor.asked && cursor === undefined) return [];
  const { least, most } = told.cursor;
  if ((cursor ?? 0) >= least && (cursor ?? 0) <= most) return [];
  return [`the cursor is at ${cursor}, it was advanced to ${least} and at most to ${most}`];
}

/** Whether a journal has to be there: somebody was told that it is. */
const mustExist = (told) =>
  told.sessions.some(({ opened }) => opened !== undefined) || told.shown.size > 0;

async function readOnly(directory, told, problems) {
  try {
    return await look(directory, { readOnly: true });
  } catch (error) {
    const absent = error.code === 'ERR_TIDEMARK_IO' && error.cause?.code === 'ENOENT';
    if (!absent || mustExist(told)) problems.push(`readOnly: ${error.code}: ${error.message}`);
    return undefined;
  }
}

/**
 * Opens the directory again and again, the way whoever comes next would, and judges what it shows.
 * `power`: what no sync covered may be lost. Leaves the journal closed with one more record, which
 * `lines` then has too.
 */
export async function judge(directory, lines, rules = {}) {
  const told = toldBy(lines);
  const problems = [...told.problems];
  const options = { codec: 'binary', segmentBytes };
  const before = await readOnly(directory, told, problems);
  try {
    const first = await look(directory, options);
    problems.push(...first.problems, ...judgeRecords(told, first, rules));
    problems.push(...judgeCursor(told, first.cursor));
    if (before !== undefined && !sameRecords(before.records, first.records)) {
      problems.push(`readOnly showed up to ${before.lastSeq}, open up to ${first.lastSeq}`);
    }
    const expectSeq = Math.max(1, first.lastSeq);
    const second = await look(directory, first.lastSeq > 0 ? { ...options, expectSeq } : options);
    if (!sameRecords(first.records, second.records) || first.cursor !== second.cursor) {
      problems.push('the second open does not show what the first showed');
    }
    problems.push(...(await goesOn(directory, options, second.lastSeq, lines)));
    return { problems: problems.slice(0, MOST_PROBLEMS), told, recovery: first.recovery };
  } catch (error) {
    problems.push(`open: ${error.code}: ${error.message}`);
    return { problems: problems.slice(0, MOST_PROBLEMS), told };
  }
}

/** The journal takes another record, and everything in it is sound. */
async function goesOn(directory, options, lastSeq, lines) {
  const problems = [];
  const ids = [
    Math.max(0, ...lines.flatMap((line) => (line.say === 'submit' ? line.ids : []))) + JUDGES,
  ];
  const journal = await Journal.open(directory, options);
  const seq = await journal.append(recordOf(ids[0]));
  await journal.close();
  lines.push({ say: 'session', session: 0 }, { say: 'submit', ids, weak: false });
  lines.push({ say: 'acknowledged', ids, firstSeq: seq });
  if (seq !== lastSeq + 1) problems.push(`the next record has seq ${seq} behind ${lastSeq}`);
  const report = await verify(directory);
  if (!report.ok) problems.push(`verify: ${JSON.stringify([report.tail, report.problems[0]])}`);
  if (report.lastSeq !== seq) problems.push(`verify ends at ${report.lastSeq}, not at ${seq}`);
  return problems;
}
