// Storms that end in order: everything that can happen at the same time in one process does.
import { mkdirSync } from 'node:fs';
import { follow } from '../../support/load.mjs';
import { pause, turn, unless, verify } from './context.mjs';

const gone = ['ERR_TIDEMARK_TRUNCATED', 'ERR_TIDEMARK_CLOSED'];

/** Several handles in one thread append in all ways. */
export async function appends(context) {
  const plans = [
    { mode: 'append', window: 64, records: context.times(1200) },
    { mode: 'append', window: 1, records: context.times(60), options: { durability: 'os' } },
    {
      mode: 'append',
      window: 8,
      records: context.times(200),
      options: { durability: { intervalMs: 1 } },
    },
    { mode: 'batch', window: 32, records: context.times(640) },
    { mode: 'write', window: 100, records: context.times(1000) },
    { mode: 'sync', window: 4, records: context.times(40) },
  ];
  const journals = await Promise.all(plans.map(() => context.open('journal')));
  const works = plans.map((plan, index) => context.load(journals[index], 'journal', plan));
  const looking = (async () => {
    for (let n = 0; n < 20; n += 1) {
      journals[0].stats();
      journals[1].segments();
      await turn();
    }
  })();
  const failures = await Promise.all(works);
  for (const failure of failures) if (failure !== undefined) throw failure;
  await looking;
  await Promise.all(journals.map((journal) => journal.close()));
}

/** Reads of every kind beside appends; iterators that are left, aborted, or still busy at the close. */
export async function reads(context) {
  const journal = await context.open('journal');
  const observer = await context.open('journal', { readOnly: true });
  const work = context.load(journal, 'journal', {
    mode: 'append',
    window: 32,
    records: context.times(1500),
  });
  const reading = async (from, rounds) => {
    for (let round = 0; round < rounds; round += 1) {
      const abort = new AbortController();
      const most = context.integer(1, 300);
      let count = 0;
      try {
        for await (const { values } of from.readBatches({ signal: abort.signal })) {
          count += values.length;
          if (count > most) abort.abort();
        }
      } catch (error) {
        if (error.name !== 'AbortError') throw error;
      }
      for await (const { seq } of from.read({ reverse: true })) if (seq % most === 0) break;
      const { lastSeq } = from;
      await Promise.all([from.get(1), from.get(Math.max(1, lastSeq)), from.getMany([1, 2, 1])]);
      await turn();
    }
  };
  const rounds = context.times(12);
  await Promise.all([
    reading(journal, rounds),
    reading(journal, rounds),
    reading(observer, rounds),
  ]);
  const workers = [{}, { readOnly: true }].map((how) =>
    context.worker('read', { journal: 'journal', rounds: context.times(12), ...how }),
  );
  const failure = await work;
  if (failure !== undefined) throw failure;
  await journal.snapshot(context.path('copy'));
  await verify(context.path('copy'));
  // Busy in the middle of the close: an end, not a crash.
  const last = unless(gone, reading(journal, 1000));
  const lastOfAll = unless(gone, reading(observer, 1000));
  await pause(context.integer(0, 5));
  await Promise.all([journal.close(), observer.close(), last, lastOfAll]);
  for (const { ended } of workers) await ended;
}

/** Followers on handles that write and handles that read only, here and in workers. */
export async function follows(context) {
  const journal = await context.open('journal');
  await context.load(journal, 'journal', { window: 1, records: 1 });
  const handles = await Promise.all([
    context.open('journal'),
    context.open('journal', { readOnly: true }),
  ]);
  const seen = handles.map(() => 0);
  const followers = handles.map((handle, index) =>
    follow(handle, 1, {
      shown(runs) {
        for (const { count } of runs) seen[index] += count;
      },
    }),
  );
  const records = context.times(1000);
  const workers = [{}, { readOnly: true }].map((how) =>
    context.worker('following', { journal: 'journal', until: records, ...how }),
  );
  const failure = await context.load(journal, 'journal', { mode: 'append', window: 8, records });
  if (failure !== undefined) throw failure;
  for (const { ended } of workers) await ended;
  for (const handle of handles) await handle.waitFor(records + 1);
  while (seen.some((count) => count < records + 1)) await turn();
  await Promise.all(handles.map((handle) => handle.close()));
  await Promise.all(followers);
  await journal.close();
}

/** Cursors, truncation, retention and snapshots beside appends and readers. */
export async function keepers(context) {
  const journal = await context.open('journal', { retain: { maxBytes: 300_000 } });
  const work = context.load(journal, 'journal', {
    mode: 'append',
    window: 64,
    records: context.times(3000),
  });
  const rounds = context.times(15);
  const workers = [
    ...[1, 2].map(() => context.worker('keep', { journal: 'journal', rounds })),
    context.worker('read', { journal: 'journal', rounds }),
    context.worker('read', { journal: 'journal', rounds, readOnly: true }),
  ];
  for (let round = 0; round < context.times(4); round += 1) {
    // A snapshot that truncations keep overtaking gives up in the end.
    await unless(gone, journal.snapshot(context.path(`copy-${round}`)));
    await journal.deleteCursor(`keeper-${round % 3}`);
    await journal.cursors();
  }
  const failure = await work;
  if (failure !== undefined) throw failure;
  for (const { ended } of workers) await ended;
  await journal.close();
}

/** Opens and closes, in several threads at once, often the first and the last handle of a writer. */
export async function churns(context) {
  const rounds = context.times(12);
  const workers = [1, 2].map(() => context.worker('churn', { journal: 'journal', rounds }));
  for (let round = 0; round < rounds; round += 1) {
    const journals = await Promise.all([
      context.open('journal'),
      context.open('journal'),
      unless(['ERR_TIDEMARK_IO'], context.open('journal', { readOnly: true })),
    ]);
    const work = context.load(journals[0], 'journal', { mode: 'append', window: 8, records: 40 });
    for (let n = context.integer(0, 3); n > 0; n -= 1) await turn();
    // Without waiting for what was appended: close commits it.
    const closes = journals.map((journal) => journal?.close());
    await Promise.all([...closes, journals[0].close()]);
    const failure = await work;
    if (failure !== undefined && failure.code !== 'ERR_TIDEMARK_CLOSED') throw failure;
  }
  for (const { ended } of workers) await ended;
}

/** Several workers share one journal, and end by themselves. */
export async function workers(context) {
  const modes = ['append', 'batch', 'write', 'sync'];
  for (let round = 0; round < context.times(2); round += 1) {
    const records = { append: 400, batch: 320, write: 400, sync: 20 };
    const all = modes.map((mode) =>
      context.worker('append', { journal: 'journal', mode, records: context.times(records[mode]) }),
    );
    for (const { ended } of all) {
      const code = await ended;
      if (code !== 0) throw new Error(`a worker ended with ${code}`);
    }
  }
}

/** The lock of a directory and files that are replaced in it, by several threads. */
export async function locks(context) {
  mkdirSync(context.path('locked'));
  const rounds = context.times(12);
  const all = [1, 2, 3].map(() => context.worker('lock', { rounds }));
  for (const { ended } of all) await ended;
}
