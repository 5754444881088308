// A follower, as a process (fork) or as a worker: says when it is there, what waiting costs, and when
// it saw which record.
import { setTimeout as pause } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import { Journal } from '../../../dist/index.mjs';

const directory = process.argv[2];
const say = isMainThread ? (message) => process.send(message) : (m) => parentPort.postMessage(m);
const questions = isMainThread ? process : parentPort;

// A worker joins the writer of its process; another process may only read.
const journal = await Journal.open(directory, isMainThread ? { readOnly: true } : {});
const seen = [];
let until = Number.POSITIVE_INFINITY;
const tell = () => {
  if (seen.length > 0 && seen.at(-1)[0] >= until) say({ seen });
};

questions.on('message', async (question) => {
  if (question.idleMs !== undefined) {
    await pause(question.settleMs);
    const begin = performance.now();
    // Of a worker this is the whole process, the idle writer included.
    const before = process.cpuUsage();
    await pause(question.idleMs);
    const { user, system } = process.cpuUsage(before);
    const milliseconds = performance.now() - begin;
    const processorPercent = Math.round((user + system) / (milliseconds / 10)) / 100;
    say({ seconds: Math.round(milliseconds) / 1000, processorPercent });
  } else {
    until = question.until;
    tell();
  }
});

// Behind the record that was there before: it may not be shown yet when this follower opens.
const records = journal.follow({ from: 2 });
const iterator = records[Symbol.asyncIterator]();
let next = iterator.next();
say('ready');
for (;;) {
  const { value, done } = await next;
  if (done) break;
  seen.push([value.seq, process.hrtime.bigint().toString()]);
  next = iterator.next();
  tell();
}
