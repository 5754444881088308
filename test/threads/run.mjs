// Runs one storm in a process of its own, on a runtime and with a form of the addon, and judges it: how
// the process ended, what the sanitizer wrote down, and the journals that are left.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeDirectory } from './judge.mjs';
import { storms } from './storms/list.mjs';

const program = join(import.meta.dirname, 'storms', 'storm.mjs');

/** Milliseconds; a storm that takes longer hangs. */
const LONGEST = 240_000;

function runProcess(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      timeout: LONGEST,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ end: code ?? signal, output }));
  });
}

/** { problems, acknowledged, reports }: the last are those of the sanitizer, which are problems, too. */
export async function runStorm({ name, runtime, form, seed, scale }) {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-storm-'));
  const logs = mkdtempSync(join(tmpdir(), 'tidemark-storm-logs-'));
  try {
    const input = JSON.stringify({ name, directory, seed, scale });
    const [command, ...args] = form.command([...runtime.command, program, input], logs);
    const { end, output } = await runProcess(command, args, form.env(logs));
    const problems = [];
    const expected = storms[name].code ?? 0;
    const texts = readdirSync(logs).map((file) => readFileSync(join(logs, file), 'latin1'));
    const said = texts.join('\n');
    if (end !== expected) problems.push(`it ended with ${end}, not ${expected}\n${output}${said}`);
    const reports = form.reports(said);
    problems.push(...reports);
    const judged = await judgeDirectory(directory);
    problems.push(...judged.problems);
    return { problems, reports, acknowledged: judged.acknowledged };
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(logs, { recursive: true, force: true });
  }
}
