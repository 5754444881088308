// N callers who each await their own append before they make the next one.

/** Until `records` were appended; `progress(done)` is called behind each. */
export async function appendRecords(append, { callers, records, progress = () => {} }) {
  let next = 0;
  let done = 0;
  const caller = async () => {
    while (next < records) {
      next += 1;
      await append(next);
      done += 1;
      progress(done);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** The same with the time that each append took, in milliseconds, ascending. */
export async function timeRecords(append, { callers, records }) {
  const taken = new Float64Array(records);
  let done = 0;
  const timed = async (n) => {
    const begin = performance.now();
    await append(n);
    taken[done++] = performance.now() - begin;
  };
  await appendRecords(timed, { callers, records });
  return taken.sort();
}

/** Until `stop()`, which resolves when the last append has; `done()` counts. */
export function startCallers(append, callers) {
  let running = true;
  let next = 0;
  let done = 0;
  const caller = async () => {
    while (running) {
      next += 1;
      await append(next);
      done += 1;
    }
  };
  const loops = Promise.all(Array.from({ length: callers }, caller));
  return {
    done: () => done,
    stop: () => {
      running = false;
      return loops;
    },
  };
}
