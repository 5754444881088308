// The systems and the cases of the comparison, by name.
export const systems = {
  tidemark: 'this package, default options',
  'group-commit': 'by hand: two slabs, `fs.writev` + `fs.fdatasync`, no checksum, no rotation',
  lmdb: 'lmdb, `overlappingSync: false`, integer keys; batches by itself',
  'better-sqlite3': 'better-sqlite3, WAL, `synchronous=FULL`; one transaction a turn, by hand',
  'no-io': 'encode and resolve a promise, no disk: an upper bound',
};

export const cases = {
  'objects-1': { about: 'objects, 1 caller', callers: 1 },
  'objects-64': { about: 'objects, 64 callers', callers: 64 },
  'objects-1024': { about: 'objects, 1,024 callers', callers: 1024 },
  'binary-1024': { about: 'binary 100 B, 1,024 callers', callers: 1024, binary: true },
  'batch-1024': { about: 'objects, 1 caller, batches of 1,024', callers: 1, perCall: 1024 },
};
