// Worker threads share the process's one writer, and no thread stands between a worker and it.
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { conversation } from '../support/conversation';
import { child, collect, openJournal, range, temporaryDirectory } from '../support/journals';

function appendWorker(directory: string) {
  const worker = new Worker(child('append-worker.mjs'), { argv: [directory] });
  return conversation<object>(worker);
}

describe('worker threads', () => {
  it('share a journal: every seq once, each worker in its own order', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<{ threadId: number; n: number }>(directory);
    const workers = range(1, 4).map(() => appendWorker(directory));
    for (const worker of workers) expect(await worker.next()).toMatchObject({ open: true });
    for (const worker of workers) worker.send({ append: 500 });
    const own = Promise.all(range(0, 499).map((n) => journal.append({ threadId: 0, n })));
    const seqs = (
      await Promise.all(workers.map((worker) => worker.next<{ seqs: number[] }>()))
    ).map((message) => message.seqs);
    seqs.push(await own);
    for (const list of seqs) expect(list).toEqual([...list].sort((a, b) => a - b));
    expect(seqs.flat().sort((a, b) => a - b)).toEqual(range(1, 2500));
    const next = new Map<number, number>();
    for (const { value } of await collect(journal.read())) {
      expect(value.n).toBe(next.get(value.threadId) ?? 0);
      next.set(value.threadId, value.n + 1);
    }
  });

  it('go on when the thread that opened first has ended', async () => {
    const directory = temporaryDirectory();
    const first = appendWorker(directory);
    await first.next();
    const second = appendWorker(directory);
    await second.next();
    first.send({ append: 10 });
    await first.next();
    await first.worker.terminate();
    second.send({ append: 10 });
    expect(await second.next()).toEqual({ seqs: range(11, 20) });
  });

  it('go on while the thread that opened first is blocked', async () => {
    const directory = temporaryDirectory();
    const first = appendWorker(directory);
    await first.next();
    const second = appendWorker(directory);
    await second.next();
    first.send({ block: 3_600_000 });
    expect(await first.next()).toEqual({ blocking: true });
    second.send({ append: 10 });
    expect(await second.next()).toEqual({ seqs: range(1, 10) });
  });

  it('terminated with commits in flight lose nothing acknowledged and leave no gap', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<{ n: number }>(directory);
    for (let round = 0; round < 5; round++) {
      const worker = appendWorker(directory);
      await worker.next();
      worker.send({ append: 200 });
      const { seqs } = await worker.next<{ seqs: number[] }>();
      worker.send({ append: 20_000 });
      await worker.worker.terminate();
      const acknowledged = await Promise.all(seqs.map((seq) => journal.get(seq)));
      expect(acknowledged.map((record) => record?.value.n)).toEqual(range(0, 199));
    }
    const last = await journal.append({ n: -1 });
    expect((await collect(journal.read())).map(({ seq }) => seq)).toEqual(range(1, last));
  });

  it('a follower sees what another thread writes', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<object>(directory);
    const worker = appendWorker(directory);
    await worker.next();
    worker.send({ follow: 100 });
    expect(await worker.next()).toEqual({ following: true });
    for (const n of range(1, 100)) await journal.append({ n });
    expect(await worker.next()).toEqual({ seqs: range(1, 100) });
  });

  it('fifty at once open, append and end', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<object>(directory);
    for (let group = 0; group < 5; group++) {
      const workers = range(1, 10).map(() => appendWorker(directory));
      await Promise.all(
        workers.map(async (worker, index) => {
          await worker.next();
          worker.send({ append: 20 });
          if (index % 2 === 0) await worker.next();
          await worker.worker.terminate();
        }),
      );
    }
    expect(await journal.append({})).toBeGreaterThan(500);
  });
});
