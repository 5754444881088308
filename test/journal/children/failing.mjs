// Appends to a journal while calls of the disk fail on command (test/support/faults.c), and prints
// what it was told as JSON.

import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { Journal } from 'tidemark';

const [directory, scenario, mode] = process.argv.slice(2);
const directIO = mode === 'direct';
// The call that makes a commit durable.
const durably = directIO ? 'pwritev' : 'fdatasync';
const EIO = 5;
const ENOSPC = 28;
const fail = (text) => writeFileSync(process.env.TIDEMARK_FAULTS, text);
const told = (promise) =>
  promise.then(
    (value) => ({ value }),
    ({ code, outcome, cause, name }) => ({ code, outcome, name, cause: cause?.code }),
  );
const thrown = (call) => {
  try {
    return { value: call() };
  } catch ({ code, outcome, cause }) {
    return { code, outcome, cause: cause?.code };
  }
};

const poisoned = [];
subscribe('tidemark:poison', ({ error }) => poisoned.push(error.code));
const report = {};
fail('');
const journal = await Journal.open(directory, { directIO, idleMarkMs: 60_000 });
report.before = await told(journal.append('before'));

const scenarios = {
  async sync() {
    fail(`${durably} ${EIO}`);
    const follower = journal.follow({ from: 'end' }).next();
    const waiting = journal.waitFor(99);
    report.appends = await Promise.all(['a', 'b'].map((value) => told(journal.append(value))));
    report.follower = await told(follower);
    report.waiting = await told(waiting);
    fail('');
    report.later = await told(journal.append('later'));
    report.laterWrite = thrown(() => journal.write('later'));
    report.laterSync = await told(journal.sync());
    report.ready = await told(journal.ready);
    report.writable = journal.writable;
    report.read = (await journal.get(1)).value;
    report.closed = await told(journal.closed);
    report.close = await told(journal.close());
    report.poisoned = poisoned;
  },
  async full() {
    fail(`pwritev ${ENOSPC}`);
    report.appends = await Promise.all(['a', 'b'].map((value) => told(journal.append(value))));
    report.batch = await told(journal.appendBatch(['c', 'd']));
    report.appendSync = thrown(() => journal.appendSync('e'));
    fail('');
    report.later = await told(journal.append('later'));
    report.sync = await told(journal.sync());
    report.close = await told(journal.close());
  },
  async lostWrite() {
    fail(`pwritev ${EIO}`);
    report.write = thrown(() => journal.write('lost'));
    report.sync = await told(journal.sync());
    fail('');
    report.secondSync = await told(journal.sync());
    report.later = await told(journal.append('later'));
    report.close = await told(journal.close());
  },
  async stalledExit() {
    fail(`${durably} stall`);
    journal.append('never').catch(() => {});
    await null;
    console.log(JSON.stringify(report));
    process.exit(0);
  },
  async stalledThrow() {
    fail(`${durably} stall`);
    journal.append('never').catch(() => {});
    await null;
    console.log(JSON.stringify(report));
    throw new Error('thrown while the disk stands still');
  },
};
await scenarios[scenario]();
console.log(JSON.stringify(report));
