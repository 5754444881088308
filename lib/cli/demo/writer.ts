// The process that the demonstration kills: walks the tree, leaves out what the journal holds,
// hashes the rest in worker threads and appends one record a file. It does nothing in order to be
// killed well: no sleep, no throttle, no handler.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Codec } from '../../codec/index';
import { JsonWireCodec } from '../../codec/json';
import { Journal } from '../../journal/index';
import { describe } from '../exit';
import type { Hashed } from './hasher';
import { application, type FileRecord, type Message, type WriterTask } from './protocol';
import { walk } from './tree';

const workerCount = 2;
const filesPerMessage = 16;
/** Small, so that the kills meet ends of segments. */
const segmentBytes = 256 * 1024;

class Writer {
  readonly #task: WriterTask;
  readonly #acknowledged: [number, string][] = [];
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
    const started = performance.now();
    const journal = await Journal.open<FileRecord>(this.#task.journal, {
      codec: this.#timedJson(),
      application,
      segmentBytes,
    });
    const opened = performance.now();
    const done = new Set<string>();
    for await (const { values } of journal.readBatches()) {
      for (const { path } of values) done.add(path);
    }
    send({
      kind: 'opened',
      recovery: journal.recovery,
      openMs: opened - started,
      readMs: performance.now() - opened,
      records: done.size,
    });
    await this.#work(journal, this.#rest(done));
    await journal.close();
    this.#report();
    send({ kind: 'done', times: this.#times() });
  }

  *#rest(done: ReadonlySet<string>): Generator<string[]> {
    let left = this.#task.files;
    let batch: string[] = [];
    for (const path of walk(this.#task.tree, this.#task.journal)) {
      if (left === 0) break;
      left -= 1;
      if (done.has(path)) continue;
      batch.push(path);
      if (batch.length < filesPerMessage) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  async #work(journal: Journal<FileRecord>, batches: Generator<string[]>): Promise<void> {
    const workers = Array.from(
      { length: workerCount },
      () => new Worker(join(__dirname, 'hasher.js'), { workerData: this.#task.tree }),
    );
    const appended: Promise<void>[] = [];
    await Promise.all(
      workers.map(async (worker) => {
        for (const batch of batches) {
          const { records, ms } = await hash(worker, batch);
          this.#hashing += ms;
          await journal.ready;
          for (const record of records) appended.push(this.#append(journal, record));
        }
      }),
    );
    await Promise.all(appended);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async #append(journal: Journal<FileRecord>, record: FileRecord): Promise<void> {
    if (this.#onTheirWay === 0) this.#busySince = performance.now();
    this.#onTheirWay += 1;
    const seq = await journal.append(record);
    this.#onTheirWay -= 1;
    if (this.#onTheirWay === 0) this.#disk += performance.now() - this.#busySince;
    this.#acknowledged.push([seq, record.path]);
    if (this.#reporting) return;
    this.#reporting = true;
    // All that one commit acknowledged goes into one message.
    queueMicrotask(() => setImmediate(() => this.#report()));
  }

  #report(): void {
    this.#reporting = false;
    const records = this.#acknowledged.splice(0);
    if (records.length > 0) send({ kind: 'acknowledged', records, times: this.#times() });
  }

  #times(): { hashing: number; encoding: number; disk: number } {
    return { hashing: this.#hashing, encoding: this.#encoding, disk: this.#disk };
  }

  /** The json codec, with a clock. */
  #timedJson(): Codec<FileRecord> {
    const { name, version } = builtIn;
    return {
      name,
      version,
      encode: (record) => {
        const started = performance.now();
        const { bytes, start, end } = builtIn.encode(record);
        this.#encoding += performance.now() - started;
        return bytes.subarray(start, end);
      },
      decode: (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as FileRecord,
    };
  }
}

const builtIn = new JsonWireCodec();

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
