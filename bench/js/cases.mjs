// The systems and the cases of the comparison, by name.

/**
 * `about`: what it is. `promise`: what its acknowledgement really means. `slow`: it makes a few
 * thousand records a second, so that its time is limited and it is left out of some cases.
 */
export const systems = {
  tidemark: {
    about: 'this package, default options',
    promise: 'on stable storage, with checksum; damage is named when it is read',
  },
  'group-commit': {
    about: 'by hand: two slabs, `fs.writev` + `fs.fdatasync` on one growing file',
    promise: 'on stable storage; no checksum, no rotation: damage is not seen',
  },
  lmdb: {
    about: 'lmdb, `overlappingSync: false`, integer keys; batches by itself',
    promise:
      'the transaction is on stable storage; with its default options it would only be visible; no checksum',
  },
  'better-sqlite3': {
    about: 'better-sqlite3, WAL, `synchronous=FULL`; one transaction a turn, by hand',
    promise: 'the transaction is on stable storage, with checksum in the WAL; the event loop waits',
  },
  'classic-level': {
    about: 'classic-level (LevelDB), `sync: true`',
    promise: 'the write is on stable storage, with checksum in its log',
    slow: true,
  },
  hypercore: {
    about: 'hypercore, default options; signs every append',
    promise:
      'the operating system has it, signed; nothing is synced and no option does: a power cut may take it',
    slow: true,
  },
  'no-io': {
    about: 'encode and resolve a promise, no disk: an upper bound',
    promise: 'nothing',
  },
  'raw-disk': {
    about: 'no log: one thread writes a block and makes it durable, the fastest of three ways',
    promise: 'the bytes are on stable storage',
  },
  'raw-loop': {
    about:
      'no log: records copied into aligned memory and written with O_DIRECT and O_DSYNC, in files that grow as those of tidemark do',
    promise: 'the bytes are on stable storage; no checksum, no framing',
  },
};

const fast = ['tidemark', 'group-commit', 'lmdb', 'better-sqlite3'];
const slow = ['classic-level', 'hypercore'];

/**
 * `counted`: calls of the short run under strace. The records are those of a real run; of batches,
 * `perCall` records are one call.
 */
export const cases = {
  'objects-1': {
    about: 'objects, 1 caller',
    callers: 1,
    records: 8_000,
    systems: [...fast, ...slow, 'raw-disk'],
    counted: 300,
  },
  'objects-64': {
    about: 'objects, 64 callers',
    callers: 64,
    records: 500_000,
    systems: [...fast, ...slow, 'no-io'],
    counted: 6_400,
  },
  'objects-1024': {
    about: 'objects, 1,024 callers',
    callers: 1024,
    records: 2_000_000,
    systems: [...fast, ...slow, 'no-io'],
    counted: 20_480,
  },
  'objects-16384': {
    about: 'objects, 16,384 callers',
    callers: 16_384,
    records: 2_000_000,
    systems: [...fast, 'no-io'],
  },
  'binary-1024': {
    about: 'binary 100 B, 1,024 callers',
    callers: 1024,
    binary: true,
    records: 2_000_000,
    systems: [...fast, 'no-io'],
  },
  'batch-64': {
    about: 'objects, `appendBatch` of 64, one in flight',
    callers: 1,
    perCall: 64,
    records: 500_000,
    systems: [...fast, ...slow, 'no-io'],
  },
  'batch-1000': {
    about: 'objects, `appendBatch` of 1,000, one in flight',
    callers: 1,
    perCall: 1000,
    records: 1_000_000,
    systems: [...fast, 'no-io'],
  },
  'batch-1000x8': {
    about: 'objects, `appendBatch` of 1,000, eight in flight',
    callers: 8,
    perCall: 1000,
    records: 2_000_000,
    systems: [...fast, 'no-io'],
  },
  'binary-64k': {
    about: 'binary 64 KiB, 16 callers',
    callers: 16,
    binary: true,
    bytes: 65_536,
    records: 16_384,
    systems: ['tidemark', 'group-commit', 'raw-loop'],
  },
  'binary-1m': {
    about: 'binary 1 MiB, 4 callers',
    callers: 4,
    binary: true,
    bytes: 1 << 20,
    records: 1_024,
    systems: ['tidemark', 'group-commit', 'raw-loop'],
  },
};
