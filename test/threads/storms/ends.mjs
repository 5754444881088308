// Storms that end badly: threads that are terminated, throw or exit with commits in flight, and
// processes that do.
import { mkdirSync } from 'node:fs';
import { Checkpoint } from '../../../dist/checkpoint/index.mjs';
import { DirectoryLock } from '../../../dist/durable/index.mjs';
import { pause, turn, unless } from './context.mjs';

const inFlight = (context, journal) =>
  context.load(journal, 'journal', { mode: 'append', window: 64 });

/** What was saved last is whole, whoever was saving when he ended. */
async function wholeCheckpoint(context) {
  const checkpoint = await Checkpoint.open(context.path('checkpoint'));
  const { text, length } = (await checkpoint.load())?.value ?? { text: '', length: 0 };
  if (text.length !== length) throw new Error(`a value of ${length} has ${text.length}`);
  await checkpoint.close();
}

/** Workers are terminated at any moment, also in the middle of an open, a read or a close. */
export async function terminations(context) {
  mkdirSync(context.path('locked'));
  const journal = await context.open('journal');
  const end = context.load(journal, 'journal', {
    mode: 'append',
    window: 8,
    records: context.times(600),
  });
  const roles = ['append', 'append', 'read', 'following', 'churn', 'keep', 'lock', 'save'];
  const options = () => ({
    journal: 'journal',
    mode: context.pick(['append', 'batch', 'write', 'sync']),
    readOnly: context.pick([true, undefined]),
  });
  const one = async (role) => {
    const { worker, next, ended } = context.worker(
      role,
      role === 'append' ? { ...options(), readOnly: undefined } : options(),
    );
    // Some before they are up, most in the middle of what they do.
    if (context.integer(1, 6) > 1) await next();
    await pause(context.integer(0, 12));
    await worker.terminate();
    await ended;
  };
  for (let round = 0; round < context.times(5); round += 1) {
    await Promise.all([
      one(context.pick(roles)),
      one(context.pick(roles)),
      one('append'),
      one('save'),
    ]);
  }
  await wholeCheckpoint(context);
  // What the dead held is free.
  const lock = await DirectoryLock.acquire(context.path('locked'), { timeoutMs: 60_000 });
  await lock.release();
  const failure = await end;
  if (failure !== undefined) throw failure;
  await journal.close();
}

/** Only workers have the journal: each that is terminated closes it, with commits in flight. */
export async function lastHandles(context) {
  for (let round = 0; round < context.times(6); round += 1) {
    const { worker, next, ended } = context.worker('append', { journal: 'journal', window: 64 });
    await next();
    await pause(context.integer(0, 10));
    await worker.terminate();
    await ended;
  }
}

/** Workers that do nothing but call the addon are terminated in the middle of it. */
export async function calls(context) {
  for (let round = 0; round < context.times(8); round += 1) {
    const { worker, next, ended } = context.worker('call');
    await next();
    await worker.terminate();
    await ended;
  }
}

/** Workers end themselves with process.exit. */
export async function workerExits(context) {
  const journal = await context.open('journal');
  for (let round = 0; round < context.times(3); round += 1) {
    const all = [1, 2].map(() => context.worker('exit', { journal: 'journal', code: 5 }));
    for (const { ended } of all) {
      const code = await ended;
      if (code !== 5) throw new Error(`the worker ended with ${code}`);
    }
  }
  await journal.close();
}

/** Workers throw, and the main thread lives on. */
export async function workerThrows(context) {
  const journal = await context.open('journal');
  for (let round = 0; round < context.times(3); round += 1) {
    const { ended } = context.worker('fail', { journal: 'journal' });
    const error = await ended.then(
      () => undefined,
      (reason) => reason,
    );
    if (!/thrown on purpose/.test(error?.message)) throw new Error(`the worker ended by ${error}`);
    await context.load(journal, 'journal', { mode: 'append', window: 8, records: 50 });
  }
  await journal.close();
}

/** Everybody is busy, and the process ends in the way of `how`. */
async function busy(context) {
  const journal = await context.open('journal');
  const observer = await context.open('journal', { readOnly: true });
  inFlight(context, journal);
  const roles = ['append', 'read', 'following', 'keep', 'churn'];
  const workers = roles.map((role) => context.worker(role, { journal: 'journal' }));
  for (const { next } of workers) await next();
  const following = async () => {
    for await (const { seq } of observer.follow()) if (seq > context.times(300)) break;
  };
  await unless(['ERR_TIDEMARK_TRUNCATED'], following()); // by the keeper
  for (let n = context.integer(0, 5); n > 0; n -= 1) await turn();
  return journal;
}

/** process.exit of the main thread. */
export async function exits(context) {
  await busy(context);
  process.exit(7);
}

/** process.exit of the main thread, whose exit handler still appends. */
export async function exitsWithLastWords(context) {
  const journal = await busy(context);
  process.on('exit', () => {
    context.load(journal, 'journal', { mode: 'sync', window: 1000, records: 5 });
  });
  process.exit(7);
}

/** An uncaught exception in the main thread. */
export async function throws(context) {
  await busy(context);
  setImmediate(() => {
    throw new Error('thrown on purpose');
  });
  await new Promise(() => {});
}

/** An exception in a worker that nobody listens to. */
export async function throwsInWorker(context) {
  const journal = await context.open('journal');
  inFlight(context, journal);
  const { worker } = context.worker('fail', { journal: 'journal' });
  worker.removeAllListeners('error');
  await new Promise(() => {});
}

/** Handles, readers and iterators are dropped without a close, and collected while the rest goes on. */
export async function abandons(context) {
  const collect = globalThis.gc ?? globalThis.Bun?.gc ?? (() => {});
  for (let round = 0; round < context.times(8); round += 1) {
    const journal = await context.open('journal');
    const observer = await context.open('journal', { readOnly: true });
    await context.load(journal, 'journal', { mode: 'append', window: 16, records: 50 });
    const reading = journal.read();
    await reading.next();
    const watching = observer.read();
    await watching.next();
    journal.get(1).catch(() => {});
    collect(true);
    await turn();
    collect(true);
  }
}
