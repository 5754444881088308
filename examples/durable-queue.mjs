// A queue of jobs that survives crashes. Jobs are records; a named cursor, which is durable too,
// remembers the last one that was worked off.
//
//   node durable-queue.mjs JOURNAL push "send the invoice" "call back"
//   node durable-queue.mjs JOURNAL work
//   node durable-queue.mjs JOURNAL list
//
// Each job is worked off at least once: a crash between the work and the cursor repeats one job, so
// let the work tolerate that, for instance by remembering its seq.
import { Journal } from 'tidemark';

const [directory, action, ...texts] = process.argv.slice(2);
if (directory === undefined || !['push', 'work', 'list'].includes(action)) {
  console.error('usage: node durable-queue.mjs JOURNAL push TEXT... | work | list');
  process.exit(64);
}

const journal = await Journal.open(directory, { application: 'queue' });
// Made at the first push already: from then on it holds every job until it is worked off.
const cursor = await journal.cursor('worker');

if (action === 'push') {
  for (const text of texts) {
    const seq = await journal.append({ text, pushedAt: new Date() });
    console.log(`job ${seq} is queued`);
  }
}

if (action === 'work') {
  for await (const { seq, value } of journal.read({ from: cursor.seq + 1 })) {
    await doTheWork(seq, value);
    await cursor.advance(cursor.seq, seq);
  }
  // What is worked off may go.
  await journal.truncateBefore(cursor.seq + 1);
}

if (action === 'list') {
  for await (const { seq, value } of journal.read({ from: cursor.seq + 1 })) {
    console.log(`job ${seq} waits: ${value.text}`);
  }
}

await cursor.close();
await journal.close();

async function doTheWork(seq, { text }) {
  console.log(`job ${seq}: ${text}`);
}
