// Runs the command line as a shell does: a process, its streams, its exit code.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

export const root = join(import.meta.dirname, '..', '..');
export const main = join(root, 'dist', 'cli', 'main.js');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #waiting: (() => void)[] = [];

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(command, args, { env: { ...process.env, ...env } });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    // A command that ends early leaves a pipe that nobody reads.
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        this.#wake();
      });
    });
  }

  /** Resolves when the output so far satisfies the condition; rejects when the process ends first. */
  async until(condition: (running: this) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        const { code, stderr } = await this.ended;
        if (condition(this)) return;
        throw new Error(`ended with ${code} before it: ${stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export function start(...args: string[]): Running {
  return new Running(process.execPath, [main, ...args]);
}

/** Runs a command to its end, with this on its standard input. */
export async function tidemark(
  args: readonly string[],
  input: string | Uint8Array = '',
): Promise<Ended> {
  const running = start(...args);
  running.child.stdin.end(input);
  return running.ended;
}

/** A shell line in which `tidemark` is the command line. */
export async function shell(line: string): Promise<Ended> {
  const script = `tidemark() { "${process.execPath}" "${main}" "$@"; }; ${line}`;
  const running = new Running('bash', ['-c', script]);
  running.child.stdin.end();
  return running.ended;
}

const temporary: string[] = [];

afterEach(() => {
  for (const path of temporary.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** An empty directory that is removed after the test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-cli-'));
  temporary.push(path);
  return path;
}

/** The objects that `cat` prints. */
export function records(text: string): { seq: number; value: unknown }[] {
  return lines(text).map((line) => JSON.parse(line) as { seq: number; value: unknown });
}

export function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

export function seqs(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

/** Where in the files of a directory these bytes stand; they must stand there once. */
export function find(directory: string, bytes: string): { path: string; offset: number } {
  const places = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      const content = readFileSync(path);
      const offsets: { path: string; offset: number }[] = [];
      for (let at = content.indexOf(bytes); at !== -1; at = content.indexOf(bytes, at + 1)) {
        offsets.push({ path, offset: at });
      }
      return offsets;
    });
  const [place] = places;
  if (place === undefined || places.length > 1) {
    throw new Error(`${bytes} stands at ${places.length} places in ${directory}`);
  }
  return place;
}
