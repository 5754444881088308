// The judge of one cut: opens the journal three times (reading only, recovering, once more), reads
// everything each time, appends behind it, and verifies. Answers with what is wrong, what was lost,
// what the report says, and what is known of the journal from now on.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Journal, verify } from '../../../dist/index.mjs';
import { answer, childInput } from '../../campaign/support.mjs';
import { knownAt, wrongGeneration, wrongMark } from '../expectations.mjs';
import { CURSOR, journalOptions } from '../journal-options.mjs';
import { Records } from '../records.mjs';

const MOST_PROBLEMS = 10;

const { directory, before, said, previous, seed, generation, largest, ...options } = childInput();
const known = knownAt(
  previous,
  generation,
  readFileSync(before, 'utf8'),
  readFileSync(said, 'utf8'),
);
const records = new Records(seed, largest);
const problems = [];
const complain = (text) => {
  if (text && problems.length < MOST_PROBLEMS) problems.push(text);
};

/** Everything that a journal shows, with what is wrong with it. */
async function look(journal, name) {
  const hash = createHash('sha256');
  const { firstSeq, lastSeq } = journal;
  let expected = firstSeq;
  let newest = 0;
  let lastOfBatch;
  for await (const { seq, value } of journal.read()) {
    if (seq !== expected) complain(`${name}: seq ${seq} where ${expected} was due`);
    const found = records.judge(seq, value);
    complain(found.problem);
    if (!found.problem) {
      complain(wrongGeneration(known, seq, found.generation, newest));
      newest = Math.max(newest, found.generation);
      lastOfBatch = found.last;
    }
    hash.update(`${seq} `).update(value);
    expected = seq + 1;
  }
  if (expected !== lastSeq + 1) complain(`${name}: reading ended before ${expected} of ${lastSeq}`);
  if (lastOfBatch !== undefined && lastOfBatch !== lastSeq) {
    complain(`${name}: ends with ${lastSeq} in a batch that goes to ${lastOfBatch}`);
  }
  complain(wrongMark('firstSeq', known.first, firstSeq));
  return { id: journal.id, firstSeq, lastSeq, records: hash.digest('hex') };
}

const same = (one, other, names) => {
  if (JSON.stringify(one) !== JSON.stringify(other)) {
    complain(`${names}: ${JSON.stringify(one)}, then ${JSON.stringify(other)}`);
  }
};

function judgeCut({ tail, cut }, lastSeq) {
  if (!cut) {
    if (tail !== 'clean') complain(`the tail is ${tail} and nothing was cut`);
    return;
  }
  if (cut.fromSeq === undefined) return;
  if (!(cut.toSeq >= cut.fromSeq)) complain(`cut from seq ${cut.fromSeq} to ${cut.toSeq}`);
  if (cut.fromSeq <= known.floor) complain(`cut from seq ${cut.fromSeq} of ${known.floor} durable`);
  if (cut.fromSeq !== lastSeq + 1) complain(`cut from seq ${cut.fromSeq}, the last is ${lastSeq}`);
}

/** Before the first open resolved a reader may find no journal, or one that is not complete. */
async function openToRead() {
  try {
    return await Journal.open(directory, { readOnly: true, codec: 'binary' });
  } catch (error) {
    if (known.id !== undefined || error.code !== 'ERR_TIDEMARK_IO') throw error;
    return undefined;
  }
}

async function judge() {
  const reader = await openToRead();
  const shown = reader && (await look(reader, 'the reader'));
  await reader?.close();

  const recovering = await Journal.open(directory, journalOptions(options));
  const { recovery } = recovering;
  const { durationMs, ...report } = recovery;
  const recovered = await look(recovering, 'the recovering open');
  const cursors = await recovering.cursors();
  await recovering.close();
  if (shown) same(shown, recovered, 'a reader, then the recovering open');
  if (known.id !== undefined && recovered.id !== known.id) complain('it is another journal');
  judgeCut(report, recovered.lastSeq);
  const cursor = cursors.find(({ name }) => name === CURSOR);
  complain(wrongMark('the cursor', known.cursor, cursor?.seq ?? 0));

  const again = await Journal.open(directory, journalOptions(options));
  if (again.recovery.path !== 'clean') complain(`opened again: ${again.recovery.path}`);
  same(recovered, await look(again, 'the second open'), 'the recovering open, then the next');
  const next = recovered.lastSeq + 1;
  const seq = await again.append(records.bytes(generation + 1, next));
  if (seq !== next) complain(`seq ${seq} was given behind ${recovered.lastSeq}`);
  await again.close();

  const { ok, lastSeq, problems: damage } = await verify(directory);
  if (!ok) complain(`verify: ${JSON.stringify(damage.slice(0, 3))}`);
  if (lastSeq !== next) complain(`verify ends at ${lastSeq} instead of ${next}`);
  return { ...report, lastSeq: recovered.lastSeq };
}

let found;
try {
  found = await judge();
} catch (error) {
  complain(`unreadable: ${error.code ?? error.name}: ${error.message}`);
}
const lost = found ? Math.max(0, known.floor - found.lastSeq) : known.floor;
if (lost > 0) complain(`${known.floor} was acknowledged or shown, ${found?.lastSeq} is the last`);
answer({
  problems,
  lost,
  unreadable: found === undefined,
  acknowledged: known.floor,
  found: found?.lastSeq ?? 0,
  report: found,
  known,
});
