// What workers of the storms do. Each says { ready: true } when it is in the middle of it.
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { Checkpoint } from '../../../dist/checkpoint/index.mjs';
import { DirectoryLock, writeFileAtomic } from '../../../dist/durable/index.mjs';
import nativeModule from '../../../dist/native.js';
import { follow } from '../../support/load.mjs';
import { turn, unless, verify } from './context.mjs';

const { native } = nativeModule;
const ready = () => parentPort.postMessage({ ready: true });
const gone = ['ERR_TIDEMARK_TRUNCATED', 'ERR_TIDEMARK_CLOSED'];

/** Appends `records` records, for ever when they are not given, and closes. */
async function append(context, { journal: name, mode = 'append', records, window = 16 }) {
  const journal = await context.open(name);
  ready();
  const error = await context.load(journal, name, { mode, window, records });
  if (error !== undefined) throw error;
  await journal.close();
}

/** Reads in every way until it is ended, or so many rounds. */
async function read(context, { journal: name, rounds = Number.POSITIVE_INFINITY, readOnly }) {
  const journal = await context.open(name, readOnly ? { readOnly } : {});
  ready();
  for (let round = 0; round < rounds; round += 1) {
    const { firstSeq, lastSeq } = journal;
    const from = context.integer(firstSeq, Math.max(firstSeq, lastSeq));
    const most = context.integer(1, 500);
    let count = 0;
    const reading = async () => {
      for await (const record of journal.read({ from, reverse: context.integer(0, 1) === 1 })) {
        if (record.value === undefined) throw new Error('a record without a value');
        count += 1;
        if (count === most) break;
      }
    };
    await unless(gone, reading());
    await unless(gone, journal.get(from));
    await unless(gone, journal.getMany([from, from, Math.max(1, lastSeq)]));
    await turn();
  }
  await journal.close();
}

/** Follows from the first record until it has seen `until`, or for ever. */
async function following(context, { journal: name, until, readOnly }) {
  const journal = await context.open(name, readOnly ? { readOnly } : {});
  ready();
  const seen = (runs) => {
    const { seq, count } = runs.at(-1);
    if (until !== undefined && seq + count > until) journal.close();
  };
  await follow(journal, journal.firstSeq, { shown: seen });
}

/** Saves values of many lengths, until it is ended. */
async function save(context) {
  const checkpoint = await Checkpoint.open(context.path('checkpoint'));
  ready();
  for (let n = 0; ; n += 1) {
    const text = 'v'.repeat(context.integer(0, 20_000));
    await checkpoint.save({ n, text, length: text.length });
  }
}

/** Opens, appends a little and closes, over and over: mostly in the middle of an open or a close. */
async function churn(context, { journal: name, rounds = Number.POSITIVE_INFINITY }) {
  ready();
  for (let round = 0; round < rounds; round += 1) {
    const journal = await context.open(name);
    await context.load(journal, name, { mode: 'append', window: 4, records: 8 });
    await journal.close();
  }
}

/** Cursors, truncation, snapshots, verification. */
async function keep(context, { journal: name, rounds = Number.POSITIVE_INFINITY }) {
  const journal = await context.open(name);
  const cursor = await journal.cursor(`keeper-${context.seed % 3}`);
  ready();
  for (let round = 0; round < rounds; round += 1) {
    const { durableSeq } = journal;
    const moved = ['ERR_TIDEMARK_CONFLICT', ...gone];
    await unless(moved, cursor.advance(cursor.seq, Math.max(cursor.seq, durableSeq)));
    await unless(gone, cursor.reset(context.integer(Math.max(0, durableSeq - 50), durableSeq)));
    await unless(gone, journal.truncateBefore(Math.max(1, durableSeq - 2000)));
    if (round % 4 === 0) await verify(context.path(name), { bodies: false });
    await turn();
  }
  await journal.close();
}

/** Locks a directory, replaces a file in it, lets go. */
async function lock(context, { rounds = Number.POSITIVE_INFINITY }) {
  const directory = context.path('locked');
  ready();
  for (let round = 0; round < rounds; round += 1) {
    const held = await unless(['ERR_TIDEMARK_LOCKED'], DirectoryLock.acquire(directory));
    if (held === undefined) {
      await pause(1);
      continue;
    }
    await writeFileAtomic(`${directory}/file`, `${context.seed} ${round}`);
    await held.release();
  }
}

/** Appends and ends its own thread in the middle of it. */
async function exit(context, { journal: name, code = 0 }) {
  const journal = await context.open(name);
  ready();
  context.load(journal, name, { mode: 'append', window: 64 });
  await journal.waitFor(journal.durableSeq + context.integer(1, 200));
  process.exit(code);
}

/** Appends and throws in the middle of it. */
async function fail(context, { journal: name }) {
  const journal = await context.open(name);
  ready();
  context.load(journal, name, { mode: 'append', window: 64 });
  await journal.waitFor(journal.durableSeq + context.integer(1, 200));
  setImmediate(() => {
    throw new Error('thrown on purpose');
  });
}

/** Calls the addon without end and without a turn: a termination meets a call that is being made. */
async function call() {
  const binding = native();
  binding.connect(
    () => {},
    () => {},
    () => {},
  );
  ready();
  for (;;) {
    binding.hold(true);
    binding.hold(false);
    binding.makeDisk({ seed: 1, powersafeOverwrite: true, lyingSync: false });
  }
}

export const roles = { append, read, following, churn, keep, lock, save, exit, fail, call };
