// Ends in the way that its second argument says, with commits in flight. Prints the highest
// acknowledged seq before it does.
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Journal } from 'tidemark';

const directory = process.argv[2] ?? workerData.directory;
const how = process.argv[3] ?? 'exit';
const say = (text) => writeSync(1, `${text}\n`);

async function inFlight() {
  const journal = await Journal.open(directory);
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.append(n + 1)));
  say(journal.durableSeq);
  const pending = Array.from({ length: 3000 }, (_, n) => journal.append(n + 101));
  for (const promise of pending) promise.catch(() => {});
  // Handed over, and with the writer.
  await Promise.resolve();
  await Promise.resolve();
  return journal;
}

const ways = {
  async exit() {
    await inFlight();
    process.exit(7);
  },
  async throw() {
    await inFlight();
    process.nextTick(() => {
      throw new Error('thrown');
    });
  },
  async reject() {
    await inFlight();
    Promise.reject(new Error('rejected'));
  },
  async return() {
    await inFlight();
  },
  async 'abort-event-loop'() {
    const journal = await inFlight();
    journal.write(3101);
  },
  async exitHandler() {
    const journal = await Journal.open(directory);
    await journal.append('early');
    process.on('exit', () => say(journal.appendSync('last words')));
    process.exit(3);
  },
  async idle() {
    await Journal.open(directory);
  },
  async pending() {
    const journal = await Journal.open(directory, { commit: { lingerMs: 50 } });
    journal.append(1).then((seq) => say(`resolved ${seq}`));
  },
  async workers() {
    const workers = Array.from(
      { length: 8 },
      () => new Worker(new URL(import.meta.url), { workerData: { directory }, stdout: true }),
    );
    await Promise.all(
      workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))),
    );
    const journal = await Journal.open(directory);
    if (journal.lastSeq < 800) throw new Error(`only ${journal.lastSeq}`);
    await journal.close();
  },
};

if (isMainThread) await ways[how]();
else {
  const journal = await Journal.open(directory);
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.append(n)));
  for (let n = 0; n < 3000; n++) journal.append(n).catch(() => {});
  await Promise.resolve();
  process.exit(0);
}
