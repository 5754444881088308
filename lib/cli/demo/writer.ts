// The process that the demonstration kills: walks the tree, leaves out what the scan has marked,
// hashes the rest in worker threads and marks every file, with its hash. It does nothing in order to
// be killed well: no sleep, no throttle, no handler.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Scan } from '../../scan/index';
import { describe } from '../exit';
import type { Hashed } from './hasher';
import {
  detailOf,
  type FileRecord,
  type Message,
  scanId,
  type Times,
  type WriterTask,
} from './protocol';
import { walk } from './tree';

const workerCount = 2;
const filesPerMessage = 16;

class Writer {
  readonly #task: WriterTask;
  readonly #acknowledged: string[] = [];
  #reporting = false;
  #hashing = 0;
  #encoding = 0;
  #disk = 0;
  #onTheirWay = 0;
  #busySince = 0;

  constructor(task: WriterTask) {
    this.#task = task;
  }

  async run(): Promise<void> {
    const { scan: directory, files: total } = this.#task;
    const started = performance.now();
    const scan = await Scan.open(directory, { id: scanId, total });
    const { complete, skipped } = scan.counts;
    send({
      kind: 'opened',
      recovery: scan.recovery,
      openMs: performance.now() - started,
      found: complete + skipped,
    });
    await this.#work(scan, this.#batches(scan));
    await scan.close();
    this.#report();
    send({ kind: 'done', times: this.#times() });
  }

  *#batches(scan: Scan): Generator<string[]> {
    let left = this.#task.files;
    let batch: string[] = [];
    for (const path of walk(this.#task.tree, this.#task.scan)) {
      if (left === 0) break;
      left -= 1;
      if (scan.status(path) !== undefined) continue;
      batch.push(path);
      if (batch.length < filesPerMessage) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  async #work(scan: Scan, batches: Generator<string[]>): Promise<void> {
    const workers = Array.from(
      { length: workerCount },
      () => new Worker(join(__dirname, 'hasher.js'), { workerData: this.#task.tree }),
    );
    await Promise.all(
      workers.map(async (worker) => {
        let marked: Promise<unknown> = Promise.resolve();
        for (const batch of batches) {
          const { records, ms } = await hash(worker, batch);
          this.#hashing += ms;
          await marked; // the batch before: the disk works while the next one is hashed
          marked = Promise.all(records.map((record) => this.#mark(scan, record)));
        }
        await marked;
      }),
    );
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async #mark(scan: Scan, record: FileRecord): Promise<void> {
    const { path, error } = record;
    const started = performance.now();
    if (this.#onTheirWay === 0) this.#busySince = started;
    this.#onTheirWay += 1;
    const marked =
      error === undefined
        ? scan.markComplete(path, { detail: detailOf(record) })
        : scan.markSkipped(path, error);
    this.#encoding += performance.now() - started;
    await marked;
    this.#onTheirWay -= 1;
    if (this.#onTheirWay === 0) this.#disk += performance.now() - this.#busySince;
    this.#acknowledged.push(path);
    if (this.#reporting) return;
    this.#reporting = true;
    // All that one commit acknowledged goes into one message.
    queueMicrotask(() => setImmediate(() => this.#report()));
  }

  #report(): void {
    this.#reporting = false;
    const paths = this.#acknowledged.splice(0);
    if (paths.length > 0) send({ kind: 'acknowledged', paths, times: this.#times() });
  }

  #times(): Times {
    return { hashing: this.#hashing, encoding: this.#encoding, disk: this.#disk };
  }
}

function hash(worker: Worker, batch: readonly string[]): Promise<Hashed> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (hashed: Hashed) => {
      worker.off('error', reject);
      resolve(hashed);
    });
    worker.postMessage(batch);
  });
}

function send(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

// Without a parent there is nobody to work for.
process.stdout.on('error', () => process.exit(1));

new Writer(JSON.parse(process.argv[2] ?? '{}') as WriterTask).run().catch((error) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
});
