// Those who append in the storms: each says what it is about to append, what the writer has taken, and
// what was acknowledged, so that an oracle can judge what is found after the process has ended.
import { addToRuns, isGenuine, valueBy } from './oracle.mjs';

/** Collects the acknowledgements of one turn and passes them on as runs. */
class Acknowledgements {
  #runs = [];
  #by;
  #tell;

  constructor(by, tell) {
    this.#by = by;
    this.#tell = tell;
  }

  add(k, seq) {
    // All promises of a commit are resolved in one turn: their reactions are queued in front of this.
    if (this.#runs.length === 0) queueMicrotask(() => this.#pass());
    addToRuns(this.#runs, this.#by, k, seq);
  }

  #pass() {
    const runs = this.#runs;
    this.#runs = [];
    this.#tell.acknowledged(runs);
  }
}

/** Up to `window` appends are pending; they are made by halves, so that commits follow each other. */
async function append(journal, { by, window, records, options }, tell) {
  const acknowledgements = new Acknowledgements(by, tell);
  const half = Math.ceil(window / 2);
  let k = 0;
  let settled = 0;
  let failure;
  let wake = () => {};
  const done = (seq, me) => {
    settled += 1;
    acknowledgements.add(me, seq);
    wake();
  };
  const failed = (error) => {
    settled += 1;
    failure ??= error;
    wake();
  };
  const until = async (most) => {
    while (k - settled > most) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  };
  while (k < records && failure === undefined) {
    const last = Math.min(records, k + half);
    tell.submit(by, last);
    while (k < last) {
      k += 1;
      const me = k;
      journal.append(valueBy(by, me), options).then((seq) => done(seq, me), failed);
    }
    await null; // what one turn appends is handed over in a microtask, which was queued before this one
    if (failure === undefined) tell.handed(by, k);
    await until(window - half);
  }
  await until(0);
  return failure;
}

/** Batches of `window` records, two of them pending. */
async function batch(journal, { by, window, records, options }, tell) {
  const acknowledgements = new Acknowledgements(by, tell);
  let k = 0;
  let failure;
  let before = Promise.resolve();
  while (k < records && failure === undefined) {
    const first = k + 1;
    k += window;
    tell.submit(by, k);
    const values = Array.from({ length: window }, (_, index) => valueBy(by, first + index));
    const pending = journal.appendBatch(values, options).then(
      ({ firstSeq }) => {
        for (let i = 0; i < window; i += 1) acknowledgements.add(first + i, firstSeq + i);
      },
      (error) => {
        failure ??= error;
      },
    );
    tell.handed(by, k);
    await before;
    before = pending;
  }
  await before;
  return failure;
}

/** `window` records by write(), then sync(). */
async function write(journal, { by, window, records }, tell) {
  let k = 0;
  try {
    while (k < records) {
      const runs = [];
      tell.submit(by, k + window);
      for (let i = 0; i < window; i += 1) {
        k += 1;
        addToRuns(runs, by, k, journal.write(valueBy(by, k)));
      }
      tell.handed(by, k);
      await journal.sync();
      tell.acknowledged(runs);
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

/** appendSync, `window` times between two turns of the event loop. */
async function sync(journal, { by, window, records }, tell) {
  try {
    for (let k = 1; k <= records; k += 1) {
      tell.submit(by, k);
      const runs = [];
      addToRuns(runs, by, k, journal.appendSync(valueBy(by, k)));
      tell.acknowledged(runs);
      if (k % window === 0) await new Promise(setImmediate);
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

const modes = { append, batch, write, sync };
export const loadModes = Object.keys(modes);

/**
 * Appends `records` records as `by` in one of the modes; resolves with the error that ended it early,
 * or undefined. `tell` has submit(by, k) before records up to the k-th are appended, handed(by, k) when
 * the native writer has taken them, acknowledged(runs).
 */
export function load(journal, { mode, records = Number.POSITIVE_INFINITY, ...rest }, tell) {
  return modes[mode](journal, { records, ...rest }, tell);
}

/** Tells every record of the iterator as runs, those of one turn of the event loop together. */
async function observe(iterator, shown) {
  let runs = [];
  const pass = () => {
    const seen = runs;
    runs = [];
    if (seen.length > 0) shown(seen);
  };
  try {
    for await (const { seq, value } of iterator) {
      if (!isGenuine(value)) throw new Error(`seq ${seq} holds ${JSON.stringify(value)}`);
      if (runs.length === 0) setImmediate(pass);
      addToRuns(runs, value.by, value.k, seq);
    }
  } finally {
    pass();
  }
}

/**
 * Follows from `from` until the journal is closed, and tells every record that it is shown, as runs. A
 * follower that a truncation overtook goes on at the first record that is there.
 */
export async function follow(journal, from, { shown, overtaken }) {
  let due = from;
  const check = (runs) => {
    for (const { seq, count } of runs) {
      if (seq !== due) throw new Error(`a gap: seq ${seq} was shown where ${due} was due`);
      due = seq + count;
    }
    shown(runs);
  };
  for (;;) {
    try {
      await observe(journal.follow({ from: due }), check);
      return;
    } catch (error) {
      if (error.code !== 'ERR_TIDEMARK_TRUNCATED') throw error;
      const { firstSeq } = journal;
      if (firstSeq <= due)
        throw new Error(`seq ${due} is called truncated, the first is ${firstSeq}`);
      overtaken?.(due, firstSeq);
      due = firstSeq;
    }
  }
}
