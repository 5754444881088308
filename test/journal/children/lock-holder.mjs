// Holds the lock of a directory until it is ended from outside; as a process or as a worker.
import { parentPort } from 'node:worker_threads';
import { DirectoryLock } from 'tidemark';

const lock = await DirectoryLock.acquire(process.argv[2]);
const told = { holder: lock.holder.pid };
if (parentPort) parentPort.postMessage(told);
else process.send(told);
setInterval(() => {}, 1_000_000);
