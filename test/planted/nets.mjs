// The nets that a planted defect can name, and how each is cast: executables of native tests (by
// their rooms, with the settings of the build) or files of vitest.

import { sanitizers } from '../../scripts/sanitizers.mjs';

/** Native rooms whose tests each look at one piece: the unit tests. */
const unitRooms = ['checkpoint', 'crc32c', 'format', 'io', 'journal'];

export const nets = {
  unit: { about: 'unit tests of native/', rooms: unitRooms },
  'unit-js': {
    about: 'unit tests of lib/',
    files: ['test/journal', 'test/recovery', 'test/durable', 'test/codec'],
  },
  checkpoint: {
    about: 'checkpoints: power cuts, faults, damage, threads and processes',
    files: ['test/checkpoint'],
  },
  crash: { about: 'crash explorer and model on the simulated disk', rooms: ['crash'] },
  fault: { about: 'fault loops: the n-th call of each kind fails', rooms: ['fault'] },
  bytes: { about: 'damaged bytes, files and structures', rooms: ['bytes'] },
  fuzz: {
    about: 'kept corpora of the fuzzers under AddressSanitizer',
    rooms: ['fuzz'],
    ...sanitizers.asan,
  },
  tsan: {
    about: 'native tests under ThreadSanitizer',
    rooms: ['journal'],
    ...sanitizers.tsan,
    fixedAddresses: true,
  },
  reader: {
    about: 'the reader written from the page, beside the native one',
    files: ['test/fuzz'],
  },
  kernel: {
    about: 'the shipped binary and the real kernel',
    files: ['test/fault/kernel'],
    project: 'kernel',
  },
  kills: { about: 'kill storm', files: ['test/campaign/kill-storm.test.ts'] },
  power: { about: 'power cuts under a real file system', files: ['test/power'], project: 'power' },
  threads: {
    about: 'storms of threads and exits',
    files: ['test/threads/threads.test.ts'],
    project: 'threads',
  },
  'threads-tsan': {
    about: 'the same on the addon inside of Node and Bun under ThreadSanitizer',
    files: ['test/threads/tsan.test.ts'],
    project: 'threads',
  },
};
