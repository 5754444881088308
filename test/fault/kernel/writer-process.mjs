// A session of a writer as a process that is watched while it works.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const script = join(import.meta.dirname, 'children', 'writer.mjs');

/**
 * Starts children/writer.mjs with `input`, behind `wrapper`. What it says is added to `lines` as it
 * comes, and given to `onLine`.
 * @param {object} input
 * @param {any[]} lines
 * @param {{ wrapper?: string[], env?: Record<string, string>, onLine?: (line: any) => void }} how
 * @returns the process, and a promise of its end: { code, signal, complaint }
 */
export function startWriter(input, lines, { wrapper = [], env = {}, onLine = () => {} } = {}) {
  const [command, ...args] = [...wrapper, process.execPath, script, JSON.stringify(input)];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let rest = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    const whole = (rest + chunk).split('\n');
    rest = whole.pop();
    for (const text of whole) {
      const line = JSON.parse(text);
      lines.push(line);
      onLine(line);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    complaint += chunk;
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, complaint }));
  });
  return { child, ended };
}
