// The workload that every system gets: what one record is, and N callers who each await their own
// append before they make the next one.
import { performance } from 'node:perf_hooks';

/** Size of the object of `record()` as a plain MessagePack map; the runner checks it. */
export const OBJECT_BYTES = 108;
export const BINARY_BYTES = 100;

const FIRST_ID = 1_000_000_000; // five bytes as MessagePack, whatever is added to it here
const FIRST_TIME = 1_760_000_000_000; // nine bytes
const kinds = ['created', 'changed', 'removed'];

/** An object of six fields; a new one each time, as a program makes them. */
export function record(n) {
  return {
    id: FIRST_ID + n,
    at: FIRST_TIME + n,
    kind: kinds[n % kinds.length],
    user: 'user-4711@example.org',
    amount: 1234.5,
    note: 'a remark of 25 characters',
  };
}

const template = Buffer.alloc(BINARY_BYTES, 0x61);

/** 100 bytes of its own, its number in front; from Node's pool, as the bytes of a program mostly are. */
export function binaryRecord(n) {
  const bytes = Buffer.allocUnsafe(BINARY_BYTES);
  bytes.set(template);
  bytes.writeUInt32LE(n, 0);
  return bytes;
}

/** Latency is taken from at most so many callers: the clock must not become the work. */
const TIMED_CALLERS = 64;
const MOST_SAMPLES = 1 << 20;

/**
 * `callers` loops over `append(n)` for `warmMs` and then `measuredMs`. Figures are of the second
 * part alone: records per second, latency in milliseconds, processor time of the whole process
 * (all its threads) per record.
 */
export async function measure(append, { callers, perCall = 1, warmMs, measuredMs }) {
  const samples = new Float64Array(MOST_SAMPLES);
  let sampled = 0;
  let next = 0;
  let done = 0;
  let measuring = false;
  let running = true;

  const timedCaller = async () => {
    while (running) {
      const begin = performance.now();
      next += perCall;
      await append(next);
      if (!measuring) continue;
      done += perCall;
      if (sampled < MOST_SAMPLES) samples[sampled++] = performance.now() - begin;
    }
  };
  const caller = async () => {
    while (running) {
      next += perCall;
      await append(next);
      done += perCall;
    }
  };
  const loops = Array.from({ length: callers }, (_, index) =>
    index < TIMED_CALLERS ? timedCaller() : caller(),
  );

  await pause(warmMs);
  done = 0;
  measuring = true;
  const processor = process.cpuUsage();
  const begin = performance.now();
  await pause(measuredMs);
  measuring = false;
  const seconds = (performance.now() - begin) / 1000;
  const records = done;
  const { user, system } = process.cpuUsage(processor);
  running = false;
  await Promise.all(loops);

  const latencies = samples.subarray(0, sampled).sort();
  return {
    records,
    seconds,
    perSecond: records / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuMicros: (user + system) / Math.max(1, records),
    appended: next,
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The value below which the part `q` of the ascending numbers lies. */
export function quantile(ascending, q) {
  if (ascending.length === 0) return Number.NaN;
  return ascending[Math.min(ascending.length - 1, Math.floor(q * ascending.length))];
}
