// A worker of a storm: does what its role says.
import { workerData } from 'node:worker_threads';
import { Context } from './context.mjs';
import { roles } from './roles.mjs';

await roles[workerData.role](new Context(workerData), workerData.options);
