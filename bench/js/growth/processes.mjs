// Programs of this benchmark, each run as a process of its own with its input as a JSON argument and
// its figures as JSON on standard output; and rounds of them.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from '../../../test/campaign/support.mjs';

const programs = join(import.meta.dirname, 'children');
const opening = join(root, 'test', 'campaign', 'children', 'open');
const TICKS_PER_SECOND = 100;

/**
 * Resolves with the figures of children/<name>.mjs (or of the one at that absolute path). With
 * `kill` the program is killed as soon as it has told them, which it does in one line.
 */
export function runProcess(name, input, { kill = false } = {}) {
  const script = resolve(programs, `${name}.mjs`);
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [script, JSON.stringify(input)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      if (kill && output.endsWith('\n')) child.kill('SIGKILL');
    });
    child.on('error', fail);
    child.on('close', (code, signal) => {
      if (code === 0 || (kill && signal === 'SIGKILL')) done(JSON.parse(output));
      else fail(new Error(`${name} ended with ${code ?? signal}`));
    });
  });
}

/** Opens a journal as the first thing that a process does, and closes it. */
export const openJournal = (directory) => runProcess(opening, { directory });

/**
 * Every variant once in each round, in an order that rotates from round to round. `run(variant, round)`
 * gives its figures.
 */
export async function inRounds(rounds, variants, run) {
  const taken = [];
  for (let round = 0; round < rounds; round += 1) {
    const shift = round % variants.length;
    const figures = {};
    for (const variant of [...variants.slice(shift), ...variants.slice(0, shift)]) {
      figures[variant] = await run(variant, round);
    }
    taken.push(figures);
  }
  return taken;
}

/** Processor time of this process and of its children that have ended; 0 where /proc does not say. */
export function ownSeconds() {
  try {
    // Behind the name in brackets the fields begin with the third; 14 to 17 are the times.
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
