// The nets that a planted defect can name, the cheapest first, and how each is cast: executables of
// native tests (by their rooms, with the settings of the build) or files of vitest, of a project, and
// those of their tests that match.

import { sanitizers } from '../../scripts/native-builds.mjs';

export const nets = {
  unit: {
    about: 'ordinary tests of native/',
    rooms: ['checkpoint', 'crc32c', 'format', 'io', 'journal'],
  },
  checkpoint: {
    about: 'checkpoints: power cuts, faults, damage, threads and processes',
    files: ['test/checkpoint'],
  },
  state: {
    about: 'states and scans: power cuts, damage, threads, models',
    files: ['test/state', 'test/scan'],
  },
  fault: { about: 'fault loops: the n-th call of each kind fails', rooms: ['fault'] },
  bytes: { about: 'damaged bytes, files and structures', rooms: ['bytes'] },
  crash: { about: 'crash explorer on the simulated disk', rooms: ['crash'] },
  fuzz: {
    about: 'kept corpora of the fuzzers under AddressSanitizer',
    rooms: ['fuzz'],
    ...sanitizers.asan,
  },
  tsan: {
    about: 'ordinary tests of native/journal under ThreadSanitizer',
    rooms: ['journal'],
    ...sanitizers.tsan,
    fixedAddresses: true,
  },
  'unit-js': {
    about: 'ordinary tests of lib/',
    files: ['test/journal', 'test/recovery', 'test/durable', 'test/codec'],
  },
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
  kills: { about: 'kill storm', files: ['test/campaign/kill-storm.test.ts'] },
  kernel: {
    about: 'the shipped binary and the real kernel',
    files: ['test/fault/kernel'],
    project: 'kernel',
  },
  power: {
    about: 'power cuts under ext4, XFS and Btrfs',
    files: ['test/power'],
    project: 'power',
    tests: 'ten times on',
  },
};
