// A writer whose lone commits are begun. Does what its input names, while calls fail on command
// (test/support/faults.c), and says it as told.mjs understands it; a line of `seen` is for the test.
import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Journal } from 'tidemark';
import { childInput } from '../../../campaign/support.mjs';
import { recordOf } from '../records.mjs';
import { Teller } from '../teller.mjs';
import { Visits } from '../visits.mjs';

const { directory, scenario, command = '', count = 20, rounds = 8, shared } = childInput();
const control = process.env.TIDEMARK_FAULTS;
/** More appends than it takes until one of them is begun. */
const MOST_APPENDS = 200;
const options = { codec: 'binary', directIO: true };

const say = (line) => writeSync(1, `${JSON.stringify(line)}\n`);
const seen = (facts) => say({ say: 'seen', ...facts });
const order = (text) => writeFileSync(control, text);
const happened = () => existsSync(`${control}.done`);
const told = (error) =>
  error && { code: error.code, cause: error.cause?.code, outcome: error.outcome };
/** What was appended is with the writer. */
const handedOver = async () => {
  await null;
  await null;
};

const open = () => Journal.open(directory, options);

async function opened(session = 1) {
  const journal = await open();
  const teller = new Teller(say, session);
  for (let n = 0; n < count; n += 1) await teller.one(journal);
  return { journal, teller };
}

/** Appends, one behind the other, until the fault has happened. */
async function untilHappened({ journal, teller }) {
  let error;
  for (let n = 0; n < MOST_APPENDS && !happened(); n += 1) error = await teller.one(journal);
  return error;
}

/** The disk stands still with one write: it never ends, and what was told was told. */
async function standStill({ journal, teller }) {
  order('begun stall');
  untilHappened({ journal, teller });
  while (!happened()) await turn();
}

async function endWorker(session, command) {
  const workerData = { directory, session, command, control, options };
  const worker = new Worker(new URL('begun-worker.mjs', import.meta.url), { workerData });
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
}

const scenarios = {
  async alone() {
    const { journal, teller } = await opened();
    await teller.close(journal);
  },

  async fails() {
    const { journal, teller } = await opened();
    order(command);
    const hit = await untilHappened({ journal, teller });
    order('');
    const later = await teller.one(journal);
    seen({ happened: happened(), hit: told(hit), later: told(later) });
    await teller.close(journal);
  },

  async refused() {
    order(command);
    const { journal, teller } = await opened();
    await teller.atOnce(journal, count);
    await teller.append(journal, teller.nextIds(3));
    seen({ happened: happened() });
    await teller.close(journal);
  },

  async killed() {
    await standStill(await opened());
    process.kill(process.pid, 'SIGKILL');
  },

  // The second record waits for the first, whose end nobody looks at but the writer's thread.
  async blocked() {
    const { journal, teller } = await opened();
    order(command);
    const { lastSeq } = journal;
    const appends = [];
    for (let n = 0; n < 2; n += 1) {
      appends.push(teller.one(journal));
      await handedOver();
    }
    const shown = [];
    const visits = new Visits(directory, ({ lastSeq }) => shown.push(lastSeq));
    // Waits for the visitor without the event loop.
    while ((shown.at(-1) ?? 0) < lastSeq + 2) visits.visit();
    const settled = teller.acknowledged;
    await Promise.all(appends);
    seen({
      settled,
      shown: shown.at(-1),
      acknowledged: teller.acknowledged,
      happened: happened(),
    });
    await teller.close(journal);
  },

  async exits() {
    const { journal, teller } = await opened();
    teller.one(journal);
    await handedOver();
    process.exit(0);
  },

  async exitsInStall() {
    await standStill(await opened());
    process.exit(0);
  },

  // `shared`: this thread has the journal open too, and it goes on; else it opens it again.
  async workers() {
    const kept = shared ? await open() : undefined;
    for (let round = 1; round <= rounds; round += 1) {
      await endWorker(2 * round);
      const journal = kept ?? (await open());
      await new Teller(say, 2 * round + 1).one(journal);
      if (!shared) await journal.close();
    }
    await kept?.close();
  },

  async workerInStall() {
    await endWorker(1, 'begun stall');
    order('');
    const another = await Journal.open(join(directory, '..', 'another'), options);
    for (let n = 1; n <= count; n += 1) await another.append(recordOf(n));
    await another.close();
    seen({ another: another.durableSeq });
    process.exit(0);
  },
};

await scenarios[scenario]();
