// Runs one system on one case in a process of its own (child.mjs).
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const CHILD = join(import.meta.dirname, 'child.mjs');

/** The figures; `tracer` is a command in front of it. */
export function runSystem(job, tracer = []) {
  const [command, ...args] = [...tracer, process.execPath, CHILD, JSON.stringify(job)];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ system: job.system, ...JSON.parse(output) });
      else reject(new Error(`${job.system} ${job.case} ended with ${code ?? signal}`));
    });
  });
}
