// What the rest of the machine does while something is measured: the share of all processors that
// neither idled nor worked for us. Known on Linux only; elsewhere it counts as nothing.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;
const LOOK_MS = 500;

function busySeconds() {
  try {
    // user nice system idle iowait irq softirq steal
    const ticks = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/).slice(1, 9);
    const [user, nice, system, , , irq, softirq, steal] = ticks.map(Number);
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

/** Starts a measurement; the function tells the share of others since then, from 0 to 1. */
export function othersSince() {
  const busy = busySeconds();
  const begin = performance.now();
  return (ownSeconds) => {
    if (busy === undefined) return 0;
    const seconds = ((performance.now() - begin) / 1000) * cpus().length;
    return Math.max(0, (busySeconds() - busy - ownSeconds) / seconds);
  };
}

/** Waits until others leave the machine alone, or until `deadline` (of performance.now()). */
export async function untilQuiet(share, deadline) {
  while (performance.now() < deadline) {
    const others = othersSince();
    await pause(LOOK_MS);
    if (others(0) <= share) return;
  }
}
