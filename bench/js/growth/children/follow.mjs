// A writer with followers, in this process or all in one other: its throughput with 64 callers, how
// long the followers then need to catch up, and, with an append every few milliseconds, how long after
// its acknowledgement they see a record.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Journal } from '../../../../dist/index.mjs';
import { answer, childInput, integer, seeded } from '../../../../test/campaign/support.mjs';
import { quantile } from '../../statistics.mjs';
import { record } from '../../workload.mjs';
import { startCallers } from '../callers.mjs';
import { now, startFollowers } from '../following.mjs';

const MOST_PAUSE_MS = 8;

/** Followers in another process, behind the same three calls. */
async function startProcess(directory, count) {
  const program = join(import.meta.dirname, 'follow-elsewhere.mjs');
  const child = fork(program, [JSON.stringify({ directory, count })]);
  await once(child, 'message');
  const ask = async (question) => {
    const reply = once(child, 'message');
    child.send(question);
    const [message] = await reply;
    return message;
  };
  return {
    note: (seq) => ask({ note: seq }),
    reach: (seq) => ask({ reach: seq }),
    seen: async () => (await ask({ seen: true })).seen,
    end: async () => {
      const exit = once(child, 'exit');
      child.send({ end: true });
      await exit;
    },
  };
}

const { directory, where, count, callers, warmMs, measuredMs, paced } = childInput();
const journal = await Journal.open(directory);
await journal.append(record(0));
const followers =
  where === 'elsewhere'
    ? await startProcess(directory, count)
    : { ...startFollowers(journal, count), end: async () => {} };

const running = startCallers((n) => journal.append(record(n)), callers);
await pause(warmMs);
const before = running.done();
const begin = performance.now();
await pause(measuredMs);
const perSecond = (running.done() - before) / ((performance.now() - begin) / 1000);
await running.stop();

const stopped = performance.now();
await followers.reach(journal.lastSeq);
const catchUpMs = performance.now() - stopped;

const random = seeded(count);
const acknowledged = new Map();
await followers.note(journal.lastSeq + 1);
for (let n = 0; n < paced; n += 1) {
  const seq = await journal.append(record(n));
  acknowledged.set(seq, now());
  await pause(integer(random, 0, MOST_PAUSE_MS));
}
await followers.reach(journal.lastSeq);
const seen = await followers.seen();
if (seen.length !== count * paced) throw new Error(`${seen.length} records seen`);
const lags = Float64Array.from(seen, ([seq, at]) => (at - acknowledged.get(seq)) / 1e6).sort();
await followers.end();
await journal.close();
answer({
  perSecond,
  ...(count > 0 && { catchUpMs, lagP50: quantile(lags, 0.5), lagP99: quantile(lags, 0.99) }),
});
