// Temporary directories, journals that close by themselves, and children, for the tests of lib/.
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, type JournalOptions, type JournalRecord, type TidemarkError } from 'tidemark';
import { onTestFinished } from 'vitest';

/** A new directory, removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens a journal that is closed when the test ends, if the test did not. */
export async function openJournal<T = unknown>(
  directory: string,
  options?: JournalOptions<T>,
): Promise<Journal<T>> {
  const journal = await Journal.open<T>(directory, options);
  onTestFinished(() => journal.close().catch(() => {}));
  return journal;
}

export async function collect<R>(records: AsyncIterable<R>): Promise<R[]> {
  const all: R[] = [];
  for await (const record of records) all.push(record);
  return all;
}

export async function valuesOf<T>(records: AsyncIterable<JournalRecord<T>>): Promise<T[]> {
  return (await collect(records)).map(({ value }) => value);
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<TidemarkError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: TidemarkError) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`resolved with ${String(outcome.value)}`);
}

/**
 * The errors of promises that are under way together. Each is looked at from the beginning: one that
 * rejects while an earlier one is awaited would be an unhandled rejection.
 */
export function rejections(promises: Promise<unknown>[]): Promise<TidemarkError[]> {
  return Promise.all(promises.map(rejection));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

export const child = (name: string) => join(import.meta.dirname, '..', 'journal', 'children', name);

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs a child to its end. */
export function runChild(
  name: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const running = spawn(process.execPath, [child(name), ...args], {
    stdio: 'pipe',
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  running.stdout.on('data', (data) => {
    stdout += data;
  });
  running.stderr.on('data', (data) => {
    stderr += data;
  });
  return new Promise((resolve, reject) => {
    running.once('error', reject);
    running.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** A child that talks over its channel; killed when the test ends. */
export function talkingChild(name: string, ...args: string[]) {
  const running = fork(child(name), args, { stdio: 'inherit' });
  onTestFinished(() => {
    running.kill('SIGKILL');
  });
  const messages: unknown[] = [];
  let wake = () => {};
  running.on('message', (message) => {
    messages.push(message);
    wake();
  });
  return {
    process: running,
    send: (message: object) => running.send(message),
    /** The next message. */
    async next<M>(): Promise<M> {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() as M;
    },
    async ended(): Promise<number | null> {
      if (running.exitCode !== null) return running.exitCode;
      return new Promise((resolve) => {
        running.once('exit', (code) => resolve(code));
      });
    },
  };
}
