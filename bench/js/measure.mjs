// N callers who each await their own append before they make the next one, and what that costs.
import { performance } from 'node:perf_hooks';
import { LoopDelay } from './loop-delay.mjs';
import { threadCpuMicros } from './own-costs.mjs';
import { quantile } from './statistics.mjs';

/** Cold code costs twice as much: so large a part of the records is made first, and not counted. */
const WARM_PART = 1 / 5;

/** Latency is taken from every 64th caller, 64 of them at least: the clock must not become the work. */
const timedCallers = (callers) => Math.min(callers, Math.max(64, callers / 64));
const MOST_SAMPLES = 1 << 20;

const reading = (done) => ({
  at: performance.now(),
  done,
  cpu: process.cpuUsage(),
  thread: threadCpuMicros(),
});

/**
 * Appends `records` records, or as many as `limitMs` allow. Counted is what lies between the end of
 * the first fifth (of the records, or of the time) and the moment in which the first caller has
 * nothing more to do, so that all of them are busy all the time.
 */
export async function measure(append, { callers, perCall = 1, records, limitMs }) {
  const samples = new Float64Array(MOST_SAMPLES);
  const loopDelay = new LoopDelay();
  const warmRecords = records * WARM_PART;
  let sampled = 0;
  let next = 0;
  let done = 0;
  let late = false;
  let begin;
  let end;

  const beginWindow = () => {
    if (begin) return;
    loopDelay.start();
    begin = reading(done);
  };
  const endWindow = () => {
    if (end) return;
    end = reading(done);
    loopDelay.stop();
  };
  const goesOn = () => {
    if (next < records && !late) return true;
    endWindow();
    return false;
  };
  const count = () => {
    done += perCall;
    if (!begin && done >= warmRecords) beginWindow();
  };
  const timedCaller = async () => {
    while (goesOn()) {
      const called = performance.now();
      next += perCall;
      await append(next - perCall + 1);
      if (begin && !end && sampled < MOST_SAMPLES) samples[sampled++] = performance.now() - called;
      count();
    }
  };
  const caller = async () => {
    while (goesOn()) {
      next += perCall;
      await append(next - perCall + 1);
      count();
    }
  };

  const warm = setTimeout(beginWindow, limitMs * WARM_PART);
  const limit = setTimeout(() => {
    late = true;
    endWindow();
  }, limitMs);
  // Spread over all callers: the first ones of a turn are served first.
  const stride = callers / timedCallers(callers);
  await Promise.all(
    Array.from({ length: callers }, (_, index) => (index % stride < 1 ? timedCaller() : caller())),
  );
  clearTimeout(warm);
  clearTimeout(limit);

  const counted = end.done - begin.done;
  if (!(counted > 0)) throw new Error(`no record was made in the ${limitMs} ms that were measured`);
  const seconds = (end.at - begin.at) / 1000;
  const latencies = samples.subarray(0, sampled).sort();
  const cpu = end.cpu.user + end.cpu.system - begin.cpu.user - begin.cpu.system;
  return {
    records: counted,
    appended: next,
    limited: late,
    seconds,
    perSecond: counted / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    p999: quantile(latencies, 0.999),
    samples: sampled,
    cpuMicros: cpu / counted,
    threadCpuMicros: end.thread === undefined ? undefined : (end.thread - begin.thread) / counted,
    loopDelayP99: loopDelay.quantile(0.99),
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}
