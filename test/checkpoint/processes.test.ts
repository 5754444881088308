// One process writes; files of dead ones are swept, those of living ones left alone.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { Checkpoint } from 'tidemark';
import { describe, expect, it, onTestFinished } from 'vitest';
import { rejection, temporaryDirectory } from '../support/journals';
import { openCheckpoint, temporaries } from './support';

interface Answer {
  open?: boolean;
  hanging?: boolean;
  closed?: boolean;
  generations?: number[];
  error?: string;
  holder?: number;
}

function saver(directory: string) {
  const running = fork(join(import.meta.dirname, 'children', 'save-worker.mjs'), [directory, '1']);
  onTestFinished(() => {
    running.kill('SIGKILL');
  });
  const messages: Answer[] = [];
  let wake = () => {};
  running.on('message', (message: Answer) => {
    messages.push(message);
    wake();
  });
  return {
    pid: running.pid,
    send: (message: object) => running.send(message),
    async next(): Promise<Answer> {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() as Answer;
    },
    kill: () =>
      new Promise((resolve) => {
        running.once('exit', resolve);
        running.kill('SIGKILL');
      }),
  };
}

describe('two processes', () => {
  it('do not write at the same time; the second one is told who holds the directory', async () => {
    const directory = temporaryDirectory();
    const other = saver(directory);
    expect(await other.next()).toEqual({ open: true });
    expect(await rejection(Checkpoint.open(directory))).toMatchObject({
      code: 'ERR_TIDEMARK_LOCKED',
      holder: { pid: other.pid },
    });
    other.send({ save: 3 });
    expect((await other.next()).generations?.length).toBe(3);
    const reader = await openCheckpoint<{ n: number }>(directory, { readOnly: true });
    expect((await reader.load())?.value.n).toBe(3);
    other.send({ close: true });
    expect(await other.next()).toEqual({ closed: true });
    const ours = await openCheckpoint<{ n: number }>(directory);
    expect((await ours.load())?.value.n).toBe(3);
    const third = saver(directory);
    expect(await third.next()).toEqual({ error: 'ERR_TIDEMARK_LOCKED', holder: process.pid });
  });

  it('the temporary file of a living one stays, that of a dead one goes with the next open', async () => {
    const directory = temporaryDirectory();
    const other = saver(directory);
    await other.next();
    other.send({ save: 1 });
    await other.next();
    other.send({ hang: true });
    expect(await other.next()).toEqual({ hanging: true });
    expect(temporaries(directory).length).toBe(1);
    // Neither an open that is refused nor a reader touches it.
    expect(await rejection(Checkpoint.open(directory))).toMatchObject({
      code: 'ERR_TIDEMARK_LOCKED',
    });
    const reader = await openCheckpoint<{ n: number }>(directory, { readOnly: true });
    expect((await reader.load())?.value.n).toBe(1);
    expect(temporaries(directory).length).toBe(1);
    await other.kill();
    expect((await reader.load())?.value.n).toBe(1);
    expect(temporaries(directory).length).toBe(1);
    const ours = await openCheckpoint<{ n: number }>(directory);
    expect(temporaries(directory)).toEqual([]);
    expect(await ours.load()).toMatchObject({ value: { n: 1 }, generation: 1 });
  });

  it('a process that is killed again and again leaves whole generations only', async () => {
    const directory = temporaryDirectory();
    let least = 0;
    for (let round = 0; round < 5; round++) {
      const other = saver(directory);
      expect(await other.next()).toEqual({ open: true });
      other.send({ save: 10 });
      const { generations } = await other.next();
      least = generations?.at(-1) ?? 0;
      other.send({ save: 10_000, stream: round % 2 === 0 });
      await other.kill();
      const ours = await Checkpoint.open<{ n: number; text: string }>(directory);
      const loaded = await ours.load();
      expect(loaded?.generation).toBeGreaterThanOrEqual(least);
      expect(loaded?.value.text).toBe(`1:${loaded?.value.n};`.repeat(2000));
      expect(temporaries(directory)).toEqual([]);
      await ours.close();
    }
  });
});
