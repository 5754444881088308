// One session of a writer, as a process: opens the journal, does the whole workload, says what it
// asks for before it asks, and what it was told, as lines of JSON. What the lines mean is what
// told.mjs makes of them. Where a call fails it goes on with the next one, as a program would.
import { writeSync } from 'node:fs';
import { Journal } from 'tidemark';
import { childInput } from '../../../campaign/support.mjs';
import { idOf, idsOfSession, recordOf, segmentBytes } from '../records.mjs';

/** How often a record is offered again until the journal goes on after a fault that has passed. */
const MOST_ATTEMPTS = 5;
/** Turns of the event loop that are spent waiting for an idle mark. */
const MOST_TURNS = 20_000;
const CURSOR = 'reader';

const {
  directory,
  said = 1,
  session,
  options = {},
  rounds = 1,
  dieAtTheEnd = false,
} = childInput();
// Written before anything else happens: what was said was said, however the process ends.
const say = (line) => writeSync(said, `${JSON.stringify(line)}\n`);

const told = (error) => {
  const { code, outcome, path, row, message } = error;
  return { code: code ?? error.name, cause: error.cause?.code, outcome, path, row, message };
};

let lastId = session * idsOfSession;
const nextIds = (count) => Array.from({ length: count }, () => ++lastId);

/** The first thing that ended the writer; a program stops there. */
let poisoned = false;
const failed = (what, error) => {
  const text = told(error);
  if (text.code === 'ERR_TIDEMARK_POISONED') poisoned = true;
  say({ say: 'failed', what, ...text });
};

async function append(journal, ids, durability) {
  say({ say: 'submit', ids, weak: durability === 'os' });
  try {
    const seqs =
      ids.length === 1
        ? { firstSeq: await journal.append(recordOf(ids[0]), { durability }) }
        : await journal.appendBatch(ids.map(recordOf), { durability });
    say({ say: 'acknowledged', ids, firstSeq: seqs.firstSeq });
    return true;
  } catch (error) {
    const text = told(error);
    if (text.code === 'ERR_TIDEMARK_POISONED') poisoned = true;
    say({ say: 'rejected', ids, ...text });
    return false;
  }
}

const one = (journal, durability = 'commit') => append(journal, nextIds(1), durability);
const atOnce = (journal, count) => Promise.all(Array.from({ length: count }, () => one(journal)));

async function truncate(journal, seq) {
  say({ say: 'truncate', to: seq });
  try {
    const { firstSeq } = await journal.truncateBefore(seq);
    say({ say: 'truncated', firstSeq });
  } catch (error) {
    failed('truncate', error);
  }
}

async function openCursor(journal) {
  try {
    return await journal.cursor(CURSOR);
  } catch (error) {
    failed('cursor', error);
    return undefined;
  }
}

async function advance(journal, cursor, seq) {
  const next = Math.min(seq, journal.durableSeq);
  if (cursor === undefined || next <= cursor.seq) return;
  say({ say: 'advance', to: next });
  try {
    await cursor.advance(cursor.seq, next);
    say({ say: 'advanced', to: next });
  } catch (error) {
    failed('advance', error);
  }
}

/** Lets the writer idle until its mark is there, or cannot come. */
async function idle(journal) {
  const { marks } = journal.stats();
  for (let turn = 0; turn < MOST_TURNS && journal.stats().marks === marks; turn += 1) {
    await new Promise(setImmediate);
  }
}

async function round(journal, cursor) {
  const begin = journal.firstSeq;
  for (let n = 0; n < 4; n += 1) await one(journal);
  await append(journal, nextIds(6), 'commit');
  await atOnce(journal, 8);
  await one(journal, 'os');
  await one(journal, 'os');
  await journal.sync().catch((error) => failed('sync', error));
  await advance(journal, cursor, begin + 9);
  for (let n = 0; n < 4; n += 1) await atOnce(journal, 4);
  await truncate(journal, Math.min(begin + 8, journal.lastSeq + 1));
  await idle(journal);
  await append(journal, nextIds(3), 'commit');
  await advance(journal, cursor, journal.durableSeq);
  await truncate(journal, Math.min(begin + 20, journal.lastSeq + 1));
}

async function shown(journal) {
  const records = [];
  for await (const { seq, value } of journal.read()) records.push([seq, idOf(value)]);
  return records;
}

async function live(journal) {
  const { firstSeq, lastSeq, recovery } = journal;
  const { path, tail, row, cut } = recovery;
  try {
    say({ say: 'open', firstSeq, lastSeq, path, tail, row, cut, records: await shown(journal) });
  } catch (error) {
    failed('read', error);
  }
  const cursor = await openCursor(journal);
  for (let n = 0; n < rounds && !poisoned; n += 1) await round(journal, cursor);
  let goesOn = false;
  for (let n = 0; n < MOST_ATTEMPTS && !goesOn && !poisoned; n += 1) goesOn = await one(journal);
  if (goesOn) say({ say: 'goes on' });
  if (dieAtTheEnd) {
    const ids = nextIds(1);
    say({ say: 'submit', ids, weak: false });
    journal.append(recordOf(ids[0])).catch(() => {});
    process.kill(process.pid, 'SIGKILL');
  }
  try {
    await journal.close();
    say({ say: 'closed' });
  } catch (error) {
    failed('close', error);
  }
}

say({ say: 'session', session });
try {
  const journal = await Journal.open(directory, { codec: 'binary', segmentBytes, ...options });
  await live(journal);
} catch (error) {
  failed('open', error);
}
say({ say: 'end' });
