// What the parts of the campaign share: seeded numbers, children, what Linux says about a process.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const root = dirname(dirname(import.meta.dirname));
export const KiB = 1024;
export const MiB = 1024 * KiB;

/** /proc and strace are the means of some parts. */
export const onLinux = process.platform === 'linux';

/** A random generator of a seed (mulberry32, by Tommy Ettinger, public domain): [0, 1). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from `least` to `most`, both inclusive. */
export const integer = (random, least, most) => least + Math.floor(random() * (most - least + 1));

/** The value below which the part `q` of the numbers lies. */
export function quantile(numbers, q) {
  const ascending = Float64Array.from(numbers).sort();
  if (ascending.length === 0) return null;
  return ascending[Math.min(ascending.length - 1, Math.floor(q * ascending.length))];
}

export const median = (numbers) => quantile(numbers, 0.5);

/** p50, p99, max, rounded to microseconds, of milliseconds. */
export function latencies(milliseconds) {
  const round = (value) => (value === null ? null : Math.round(value * 1000) / 1000);
  return {
    count: milliseconds.length,
    p50Ms: round(quantile(milliseconds, 0.5)),
    p99Ms: round(quantile(milliseconds, 0.99)),
    maxMs: round(quantile(milliseconds, 1)),
  };
}

/** What must hold, with the number that shows it. */
export const claim = (text, holds, measured, bound) => ({ claim: text, holds, measured, bound });

/** A fresh directory in `base` while `body` runs. */
export async function inTemporary(base, body) {
  mkdirSync(base, { recursive: true });
  const directory = mkdtempSync(join(base, 'campaign-'));
  try {
    return await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs children/<name>.mjs with `input` as its argument; resolves with what it prints as JSON. */
export function runChild(name, input, { wrapper = [], nodeOptions = [], env } = {}) {
  const script = join(root, 'test', 'campaign', 'children', `${name}.mjs`);
  const [command, ...args] = [
    ...wrapper,
    process.execPath,
    ...nodeOptions,
    script,
    JSON.stringify(input),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      complaint += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`${name} ended with ${code ?? signal}\n${complaint}`));
    });
  });
}

/** The input of a child started by runChild. */
export const childInput = () => JSON.parse(process.argv[2]);
/** Its answer. */
export const answer = (value) => process.stdout.write(JSON.stringify(value));

/** A field of /proc/self/status in bytes: VmRSS, VmHWM. */
export function memoryField(name) {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync('/proc/self/status', 'utf8'),
  );
  return Number(match[1]) * KiB;
}

/** Bytes that this process read through system calls, cached or not. */
export function bytesReadSoFar() {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
}

/** Bytes that this process wrote through system calls, past the cache or into it. */
export function bytesWrittenSoFar() {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
}

export const threadCount = () => readdirSync('/proc/self/task').length;
// The listing itself holds one descriptor.
export const descriptorCount = () => readdirSync('/proc/self/fd').length - 1;
