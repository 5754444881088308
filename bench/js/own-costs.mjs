// What this process cost so far, as the operating system counts it. Undefined where it does not.
import { readFileSync } from 'node:fs';

/** Microseconds of processor time of the calling thread alone: of the event loop, called there. */
export function threadCpuMicros() {
  if (process.threadCpuUsage) {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  }
  try {
    // Nanoseconds on a processor, nanoseconds waiting for one, turns.
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ', 1)[0]) / 1e3;
  } catch {
    return undefined;
  }
}

/** Bytes that this process had written to block devices, or made dirty in the page cache. */
export function writtenBytes() {
  try {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
