// Follows the journal of the kill storm read-only, across the deaths of its writers: once in the main
// thread and once in a worker. Reports on descriptor 3 what it is shown, as lines:
//   <who> shown <run>                oracle.mjs
//   <who> truncated <seq> <first>    the record that was due had been released; <first> is there now
//   <who> failed <error>
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Journal } from '../../../dist/index.mjs';
import { follow } from '../../support/load.mjs';
import { runToLine } from '../../support/oracle.mjs';

/** Not standard output: Node makes that one non-blocking for its workers, and a late reader fills it. */
const OUTPUT = 3;
const who = isMainThread ? 'process' : 'worker';
const directory = isMainThread ? process.argv[2] : workerData;
const say = (text) => writeSync(OUTPUT, `${who} ${text}\n`);

if (isMainThread) new Worker(new URL(import.meta.url), { workerData: directory });
try {
  const journal = await Journal.open(directory, { readOnly: true });
  await follow(journal, journal.firstSeq, {
    shown: (runs) => runs.map((run) => say(`shown ${runToLine(run)}`)),
    overtaken: (due, firstSeq) => say(`truncated ${due} ${firstSeq}`),
  });
  say('failed it ended');
} catch (error) {
  say(`failed ${error.code} ${JSON.stringify(error.message)}`);
}
