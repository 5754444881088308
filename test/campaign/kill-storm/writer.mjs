// The process that is killed: appends in the ways of its plan until it dies, in its main thread and in
// workers, and reports on descriptor 3 what it is about to do and what it was told is done. A line:
//   opening | opened <facts>         around Journal.open
//   submit|handed <by> <k>           load.mjs
//   acknowledged|shown <run>         oracle.mjs; shown: by a follower in this process
//   advancing|advanced <seq>         of the cursor
//   truncating|truncated <seq>
//   closing | closed                 around close
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Journal } from '../../../dist/index.mjs';
import { follow, load } from '../../support/load.mjs';
import { runToLine } from '../../support/oracle.mjs';

const REPORT = 3;
/** So that one write is one piece in the pipe, whatever moment the kill picks. */
const MOST_BYTES = 4096;

const plan = isMainThread ? JSON.parse(process.argv[2]) : workerData.plan;

function report(lines) {
  let text = '';
  for (const line of lines) {
    if (text.length + line.length + 1 > MOST_BYTES) {
      writeSync(REPORT, text);
      text = '';
    }
    text += `${line}\n`;
  }
  writeSync(REPORT, text);
}

let acknowledged = 0;
let enough = () => {};
const tell = {
  submit: (by, k) => report([`submit ${by} ${k}`]),
  handed: (by, k) => report([`handed ${by} ${k}`]),
  acknowledged(runs) {
    report(runs.map((run) => `acknowledged ${runToLine(run)}`));
    for (const { count } of runs) acknowledged += count;
    if (plan.closeAfter !== undefined && acknowledged >= plan.closeAfter) enough();
  },
};

/** A consumer: moves its cursor behind what is durable and lets go of what it has passed. */
async function consume(journal, { every }) {
  const cursor = await journal.cursor('consumer');
  for (;;) {
    const next = await journal.waitFor(Math.max(cursor.seq, journal.firstSeq - 1) + every);
    report([`advancing ${next}`]);
    await cursor.advance(cursor.seq, next);
    report([`advanced ${cursor.seq}`, `truncating ${cursor.seq + 1}`]);
    const { firstSeq } = await journal.truncateBefore(cursor.seq + 1);
    report([`truncated ${firstSeq}`]);
  }
}

/** An error after close() is that of a late append; before it nothing may fail. */
let closing = false;
const unlessClosing = (error) => {
  if (error !== undefined && !closing) throw error;
};

async function work(journal, { producers, follows }) {
  const works = producers.map((producer) => load(journal, producer, tell).then(unlessClosing));
  if (follows) {
    const shown = (runs) => report(runs.map((run) => `shown ${runToLine(run)}`));
    works.push(follow(journal, journal.durableSeq + 1, { shown }).catch(unlessClosing));
  }
  await Promise.all(works);
}

async function main() {
  report(['opening']);
  const journal = await Journal.open(plan.directory, { codec: 'json', ...plan.options });
  const { firstSeq, lastSeq, recovery } = journal;
  const cursors = await journal.cursors();
  report([`opened ${JSON.stringify({ firstSeq, lastSeq, recovery, cursors })}`]);

  const own = plan.producers.filter(({ inWorker }) => !inWorker);
  const others = plan.producers.filter(({ inWorker }) => inWorker);
  for (const [index, producer] of others.entries()) {
    const part = { producers: [producer], follows: plan.follows && index === 0 };
    new Worker(new URL(import.meta.url), { workerData: { plan, part } });
  }
  const closed = new Promise((resolve) => {
    enough = resolve;
  });
  work(journal, { producers: own, follows: plan.follows && others.length === 0 });
  if (plan.consumes) consume(journal, plan.consumes).catch(unlessClosing);
  await closed;
  closing = true;
  report(['closing']);
  await journal.close();
  report(['closed']);
  setInterval(() => {}, 1000); // the kill comes
}

if (isMainThread) await main();
else await work(await Journal.open(plan.directory), workerData.part);
