// One session of a writer, as a process: opens the journal, does the whole workload, and says what it
// asks for and is told as lines of JSON. Where a call fails it goes on with the next one, as a program
// would.
import { writeSync } from 'node:fs';
import { Journal } from 'tidemark';
import { childInput } from '../../../campaign/support.mjs';
import { idOf, segmentBytes } from '../records.mjs';
import { Teller } from '../teller.mjs';

/** How often a record is offered again until the journal goes on after a fault that has passed. */
const MOST_ATTEMPTS = 5;

const { directory, said = 1, session, options = {}, rounds = 1, ending = 'close' } = childInput();
// Written before anything else happens: what was said was said, however the process ends.
const teller = new Teller((line) => writeSync(said, `${JSON.stringify(line)}\n`), session);

async function round(journal, cursor) {
  const begin = journal.firstSeq;
  for (let n = 0; n < 4; n += 1) await teller.one(journal);
  await teller.append(journal, teller.nextIds(6));
  await teller.atOnce(journal, 8);
  await teller.one(journal, 'os');
  await teller.one(journal, 'os');
  await teller.sync(journal);
  await teller.advance(journal, cursor, begin + 9);
  for (let n = 0; n < 4; n += 1) await teller.atOnce(journal, 4);
  await teller.truncate(journal, Math.min(begin + 8, journal.lastSeq + 1));
  await teller.idle(journal);
  await teller.append(journal, teller.nextIds(3));
  await teller.advance(journal, cursor, journal.durableSeq);
  await teller.truncate(journal, Math.min(begin + 20, journal.lastSeq + 1));
}

async function shown(journal) {
  const { firstSeq, lastSeq, recovery } = journal;
  const { path, tail, row, cut } = recovery;
  try {
    const records = [];
    for await (const { seq, value } of journal.read()) records.push([seq, idOf(value)]);
    teller.say({ say: 'open', firstSeq, lastSeq, path, tail, row, cut, records });
  } catch (error) {
    teller.failed('read', error);
  }
}

async function live(journal) {
  await shown(journal);
  const cursor = await teller.cursor(journal);
  let before = -1;
  // A round without an acknowledgement is the last: the disk is gone.
  for (let n = 0; n < rounds && !teller.poisoned && before !== teller.acknowledged; n += 1) {
    before = teller.acknowledged;
    await round(journal, cursor);
  }
  let refused = true;
  for (let n = 0; n < MOST_ATTEMPTS && refused && !teller.poisoned; n += 1) {
    refused = (await teller.one(journal)) !== undefined;
  }
  if (!refused) teller.say({ say: 'goes on' });
  if (ending === 'kill') {
    const [value] = teller.submit(teller.nextIds(1));
    journal.append(value).catch(() => {});
    process.kill(process.pid, 'SIGKILL');
  }
  await teller.close(journal);
}

try {
  const journal = await Journal.open(directory, { codec: 'binary', segmentBytes, ...options });
  await live(journal);
} catch (error) {
  teller.failed('open', error);
}
teller.say({ say: 'end' });
