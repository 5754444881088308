// Followers in another process and in another worker of the writer's process: what an idle one costs,
// and how long after the acknowledgement it sees a record. Both sides read the same monotonic clock.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Journal } from '../../dist/index.mjs';
import { claim, integer, latencies, root, seeded } from './support.mjs';

/** An idle follower uses less of a processor, in percent. */
const MOST_IDLE_PERCENT = 1;
const program = join(root, 'test', 'campaign', 'children', 'follow.mjs');
export const IDLE_MARK_MS = 5;
/** Bounds of the issue, reported beside the figures: times are never a claim. */
export const BOUND_MS = { process: 20 + IDLE_MARK_MS, worker: 5 };

/** A follower as { ask(question): Promise<answer>, end() }. */
const start = {
  process(directory) {
    const child = fork(program, [directory], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    return conversation(
      child,
      (message) => child.send(message),
      () => child.kill(),
    );
  },
  worker(directory) {
    const worker = new Worker(program, { argv: [directory] });
    return conversation(
      worker,
      (message) => worker.postMessage(message),
      () => worker.terminate(),
    );
  },
};

function conversation(emitter, send, end) {
  const next = () =>
    new Promise((resolve, reject) => {
      emitter.once('message', resolve);
      emitter.once('error', reject);
      emitter.once('exit', (code) => reject(new Error(`the follower ended with ${code}`)));
    });
  return {
    ready: next(),
    ask(question) {
      const reply = next();
      send(question);
      return reply;
    },
    end,
  };
}

async function follow(where, { directory, records, settleMs, idleMs, random }) {
  const journal = await Journal.open(join(directory, where), { idleMarkMs: IDLE_MARK_MS });
  await journal.append({ first: true });
  const follower = start[where](join(directory, where));
  try {
    await follower.ready;
    // Meanwhile nothing happens in the journal: what the follower uses is the price of waiting.
    const idle = idleMs > 0 ? await follower.ask({ settleMs, idleMs }) : undefined;
    const acknowledged = new Map();
    for (let n = 0; n < records; n += 1) {
      const seq = await journal.append({ n });
      acknowledged.set(seq, process.hrtime.bigint());
      await pause(integer(random, 0, 4 * IDLE_MARK_MS));
    }
    const { seen } = await follower.ask({ until: journal.lastSeq });
    const inOrder = seen.every(([seq], index) => seq === index + 2);
    const delays = seen.map(([seq, at]) => Number(BigInt(at) - acknowledged.get(seq)) / 1e6);
    return {
      idle,
      latency: latencies(delays),
      boundMs: BOUND_MS[where],
      seen: seen.length,
      inOrder,
    };
  } finally {
    await follower.end();
    await journal.close();
  }
}

export async function followers({
  directory,
  records,
  settleMs = 0,
  idleMs,
  seed,
  log = () => {},
}) {
  const random = seeded(seed);
  const figures = {};
  const claims = [];
  for (const where of Object.keys(start)) {
    const result = await follow(where, { directory, records, settleMs, idleMs, random });
    figures[where] = result;
    log(`${where}: p50 ${result.latency.p50Ms} ms, p99 ${result.latency.p99Ms} ms`);
    claims.push(
      claim(
        `a follower in another ${where} sees every record once, in order`,
        result.inOrder && result.seen === records,
        result.seen,
        records,
      ),
    );
    if (result.idle === undefined) continue;
    const { processorPercent } = result.idle;
    claims.push(
      claim(
        `an idle follower in another ${where} uses less than one percent of a processor`,
        processorPercent < MOST_IDLE_PERCENT,
        processorPercent,
        `< ${MOST_IDLE_PERCENT}`,
      ),
    );
  }
  return { figures, claims };
}
