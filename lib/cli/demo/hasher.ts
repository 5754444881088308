// A worker thread of the demonstration's writer: paths in, records out.

import { parentPort, workerData } from 'node:worker_threads';
import { hashFile } from './hashing';
import type { FileRecord } from './protocol';

export interface Hashed {
  readonly records: FileRecord[];
  readonly ms: number;
}

const root = workerData as string;

parentPort?.on('message', (paths: readonly string[]) => {
  const started = performance.now();
  const records = paths.map((path) => hashFile(root, path));
  parentPort?.postMessage({ records, ms: performance.now() - started } satisfies Hashed);
});
