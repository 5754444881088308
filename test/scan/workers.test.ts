// Many worker threads on one scan: no mark is lost, none counts twice, and all know the same.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Scan } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { conversation } from '../support/conversation';
import { temporaryDirectory } from '../support/journals';

function marking(directory: string, id: string) {
  const worker = new Worker(join(import.meta.dirname, 'children', 'marking.mjs'), {
    workerData: { directory, id },
  });
  return conversation<unknown>(worker);
}

describe('workers of one scan', () => {
  it('mark 10,000 times from 8 of them, half on the same targets: none lost, none doubled', async () => {
    const directory = temporaryDirectory();
    const workers = Array.from({ length: 8 }, () => marking(directory, 's'));
    for (const worker of workers) expect(await worker.next()).toEqual({ open: true });
    const shared = Array.from({ length: 625 }, (_, n) => `shared ${n}`);
    workers.forEach((worker, index) => {
      const own = Array.from({ length: 625 }, (_, n) => `of ${index} ${n}`);
      worker.send({ mark: own.flatMap((target, n) => [target, shared[n]]) });
    });
    const expected = 625 + 8 * 625;
    for (const worker of workers) expect(await worker.next()).toMatchObject({ marked: 1250 });
    const counts = { complete: expected, skipped: 0, failed: 0, findings: expected, total: null };
    for (const worker of workers) worker.send({ until: expected });
    const known = await Promise.all(workers.map((worker) => worker.next<{ counts: object }>()));
    for (const each of known) expect(each.counts).toEqual(counts);
    for (const worker of workers) worker.send({ close: true });
    for (const worker of workers) expect(await worker.next()).toEqual({ closed: true });
    const scan = await Scan.open(directory, { id: 's' });
    expect(scan.counts).toEqual(counts);
    expect([...scan.targets('complete')]).toHaveLength(expected);
    await scan.close();
  }, 60_000);

  it('the first that opened saves the checkpoints, and another takes over', async () => {
    const directory = temporaryDirectory();
    const first = marking(directory, 's');
    await first.next();
    const scan = await Scan.open(directory, { id: 's' });
    expect(scan.stats().savesCheckpoints).toBe(false);
    await first.worker.terminate();
    // By default after 100,000 records.
    const targets = Array.from({ length: 100_001 }, (_, n) => `target ${n}`);
    await Promise.all(targets.map((target) => scan.markComplete(target)));
    await expect.poll(() => scan.stats().checkpoints.saved, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(scan.stats().savesCheckpoints).toBe(true);
    expect(scan.stats().checkpoints.failure).toBeUndefined();
    await scan.close();
  }, 60_000);
});
