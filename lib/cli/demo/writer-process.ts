// One life of the writer process, as its parent sees it.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Message, WriterTask } from './protocol';

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Enough of what a dying process says. */
const stderrLimit = 4096;

/**
 * Runs a writer. `onMessage` is called for each complete message, in order; it may call `kill`,
 * and nothing that arrives after that counts as heard.
 */
export function runWriter(
  task: WriterTask,
  onMessage: (message: Message, kill: () => void) => void,
  signal: AbortSignal,
): Promise<End> {
  const child = spawn(process.execPath, [join(__dirname, 'writer.js'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let killed = false;
  const kill = (): void => {
    killed = true;
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', kill, { once: true });
  let rest = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (killed) return;
      onMessage(JSON.parse(line) as Message, kill);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrLimit);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, endSignal) => {
      signal.removeEventListener('abort', kill);
      resolve({ code, signal: endSignal, stderr });
    });
  });
}
