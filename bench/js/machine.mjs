// What the figures were taken on: enough to judge them, nothing that names a place.
import { readFileSync, statfsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { resolve } from 'node:path';

/** The file system type and options of a directory, from the longest mount point above it. */
function mountOf(directory) {
  const path = resolve(directory);
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, point]) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`))
      .sort((a, b) => b[1].length - a[1].length);
    const [, , name, options] = mounts[0];
    return `${name} (${options})`;
  } catch {
    return `type 0x${statfsSync(path).type.toString(16)}`;
  }
}

/** 'SCHED_RR' and the like where this process is not scheduled as usual (chrt); Linux only. */
function unusualScheduling() {
  try {
    // Field 41 of the line; what follows the name in brackets begins with field 3.
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
    return ['', 'SCHED_FIFO', 'SCHED_RR', 'SCHED_BATCH'][Number(fields[41 - 3])] ?? '';
  } catch {
    return '';
  }
}

export function machine(directory) {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    fileSystem: mountOf(directory),
    scheduling: unusualScheduling(),
    node: process.versions.node,
  };
}

/** Load average of the last minute: what else the machine was doing. */
export const load = () => Math.round(loadavg()[0] * 100) / 100;
