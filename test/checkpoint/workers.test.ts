// Handles in many threads share one directory: saves are ordered and never mixed.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Checkpoint } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { conversation } from '../support/conversation';
import { range, temporaryDirectory } from '../support/journals';
import { generationFiles, openCheckpoint, temporaries } from './support';

const run = promisify(execFile);
const child = join(import.meta.dirname, 'children', 'save-worker.mjs');

interface Answer {
  open?: boolean;
  error?: string;
  generations?: number[];
}

function saveWorker(directory: string, number: number) {
  const worker = new Worker(child, { argv: [directory, String(number)] });
  return conversation<Answer>(worker);
}

interface Mine {
  worker: number;
  n: number;
  text: string;
}

function expectWhole(value: Mine | undefined): void {
  expect(value?.text).toBe(`${value?.worker}:${value?.n};`.repeat(2000));
}

describe('eight workers', () => {
  it('save at the same time: whole values, generations in order, the last calls win', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await openCheckpoint<Mine>(directory, { codec: 'json' });
    const workers = range(1, 8).map((number) => saveWorker(directory, number));
    for (const worker of workers) expect(await worker.next()).toEqual({ open: true });
    for (const worker of workers) worker.send({ save: 100 });
    const all: number[] = [];
    const answers = workers.map((worker) => worker.next());
    let done = false;
    void Promise.all(answers).then(() => {
      done = true;
    });
    // Meanwhile this thread reads, and sees whole values in order only.
    let seen = 0;
    while (!done) {
      const loaded = await checkpoint.load();
      if (loaded === undefined) continue;
      expectWhole(loaded.value);
      expect(loaded.generation).toBeGreaterThanOrEqual(seen);
      seen = loaded.generation;
    }
    for (const { generations, error } of await Promise.all(answers)) {
      expect(error).toBeUndefined();
      expect(generations).toEqual([...(generations ?? [])].sort((a, b) => a - b));
      all.push(...(generations ?? []));
    }
    const newest = await checkpoint.load();
    expect(newest?.generation).toBe(Math.max(...all));
    expect(new Set(all).size).toBe(newest?.generation); // each generation is somebody's
    expectWhole(newest?.value);
    expect(newest?.value.n).toBe(100); // the last call of the worker that called last
    expect(generationFiles(directory).length).toBe(2);
    expect(temporaries(directory)).toEqual([]);
  });

  it('that are terminated in the middle leave whole generations, and the lock to the others', async () => {
    const directory = temporaryDirectory();
    for (let round = 0; round < 5; round++) {
      const workers = range(1, 4).map((number) => saveWorker(directory, number));
      for (const worker of workers) expect(await worker.next()).toEqual({ open: true });
      for (const worker of workers) worker.send({ save: 50, stream: round % 2 === 1 });
      await workers[0]?.next();
      await Promise.all(workers.map(({ worker }) => worker.terminate()));
      const checkpoint = await Checkpoint.open<Mine>(directory, { codec: 'json' });
      expectWhole((await checkpoint.load())?.value);
      await checkpoint.save({ worker: 9, n: round, text: `9:${round};`.repeat(2000) });
      expect((await checkpoint.load())?.value).toMatchObject({ worker: 9, n: round });
      await checkpoint.close();
    }
  });

  it('that are terminated at any moment of a save take neither the process nor a value along', async () => {
    const storm = join(import.meta.dirname, 'children', 'terminated.mjs');
    const { stdout } = await run(process.execPath, [storm, temporaryDirectory(), '6', '20261126']);
    expect(JSON.parse(stdout)).toMatchObject({ rounds: 6, terminated: 24 });
  });

  it('keep the directory open until the last of them closes', async () => {
    const directory = temporaryDirectory();
    const first = saveWorker(directory, 1);
    await first.next();
    const second = saveWorker(directory, 2);
    await second.next();
    await first.worker.terminate();
    second.send({ save: 10 });
    expect((await second.next()).generations?.length).toBe(10);
  });
});
