// What the two ways of keeping a scan share: their targets, and how marks and directories are measured.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bytesWrittenSoFar, latencies } from '../support.mjs';

export const targetOf = (n) => `https://host-${n % 5000}.example/path/${n}`;

export const bytesIn = (directory) =>
  readdirSync(directory, { recursive: true })
    .map((name) => statSync(join(directory, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);

/** So many marks, one after the other. */
export async function measureMarks(first, marks, mark) {
  const times = [];
  const written = bytesWrittenSoFar();
  const cpu = process.cpuUsage();
  for (let n = first; n < first + marks; n += 1) {
    const begun = performance.now();
    await mark(targetOf(n));
    times.push(performance.now() - begun);
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    mark: latencies(times),
    cpuMsPerMark: Math.round((user + system) / marks) / 1000,
    writtenPerMark: Math.round((bytesWrittenSoFar() - written) / marks),
    marked: marks,
  };
}
