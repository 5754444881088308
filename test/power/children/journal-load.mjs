// The load: several callers append, in batches now and then, to one journal; a housekeeper moves a
// cursor and truncates. Goes on until it is killed. Every promise that resolved is a line on standard
// output, written after it resolved:
//   o <id> <lastSeq>   opened, and what was shown as the last record
//   a <seq>            acknowledged: the record, and with it everything in front of it
//   c <seq>, t <seq>   the cursor stands there; the first record is that one
// and C, T before the cursor is moved or the journal truncated.
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Journal } from '../../../dist/index.mjs';
import { childInput, integer, seeded } from '../../campaign/support.mjs';
import { CURSOR, journalOptions } from '../journal-options.mjs';
import { Records } from '../records.mjs';

const MOST_BATCH = 8;
const BATCH_OF = 4; // one append in so many is a batch
const PAUSE_OF = 40; // one in so many is followed by a pause: idle marks are written
const MOST_PAUSE_MS = 20;
const HOUSEKEEPING_EVERY = 60; // acknowledged appends
/** A journal that keeps more than this would fill the disk. */
const MOST_KEPT = 4000;

const { directory, seed, generation, callers, largest, ...options } = childInput();
const random = seeded(seed ^ Math.imul(generation, 0x9e3779b1));
const records = new Records(seed, largest);
const say = (...words) => writeSync(1, `${words.join(' ')}\n`);

const journal = await Journal.open(directory, journalOptions(options));
say('o', journal.id, journal.lastSeq);
const cursor = await journal.cursor(CURSOR);
let next = journal.lastSeq + 1;
let acknowledged = journal.lastSeq;
let appends = 0;

async function appendSome() {
  const batch = integer(random, 1, BATCH_OF) === 1 ? integer(random, 1, MOST_BATCH) : 1;
  const first = next;
  const last = first + batch - 1;
  next = last + 1;
  const values = Array.from({ length: batch }, (_, n) =>
    records.bytes(generation, first + n, first, last),
  );
  const given =
    batch === 1
      ? [await journal.append(values[0])]
      : await journal.appendBatch(values).then((range) => [range.firstSeq, range.lastSeq]);
  if (given[0] !== first || given.at(-1) !== last) {
    throw new Error(`seqs ${given} were given where ${first} to ${last} were due`);
  }
  acknowledged = Math.max(acknowledged, last);
  appends += 1;
  say('a', last);
}

async function caller() {
  for (;;) {
    await appendSome();
    if (integer(random, 1, PAUSE_OF) === 1) await pause(integer(random, 1, MOST_PAUSE_MS));
  }
}

async function keepHouse() {
  for (let due = HOUSEKEEPING_EVERY; ; due += HOUSEKEEPING_EVERY) {
    while (appends < due) await pause(1);
    const durable = Math.min(acknowledged, journal.durableSeq); // below with durability 'os'
    const to = integer(random, Math.max(cursor.seq, durable - MOST_KEPT), durable);
    say('C', to);
    await cursor.advance(cursor.seq, to);
    say('c', to);
    if (integer(random, 0, 1) === 0 || cursor.seq < journal.firstSeq) continue;
    const from = integer(random, journal.firstSeq, cursor.seq);
    say('T', from);
    const { firstSeq } = await journal.truncateBefore(from);
    if (firstSeq !== from) throw new Error(`truncated before ${firstSeq} instead of ${from}`);
    say('t', from);
  }
}

await Promise.all([keepHouse(), ...Array.from({ length: callers }, caller)]);
