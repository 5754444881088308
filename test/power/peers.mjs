// The logs and stores that the rig compares, each in the mode in which it is said to be durable, and
// two that are not and must be caught. The programs are those of bench/js; those with `isInstalled` need
// its packages.
import { join } from 'node:path';
import { root } from '../campaign/support.mjs';

export const peers = [
  {
    name: 'tidemark',
    mode: 'default',
    system: 'tidemark',
    promise: 'the record and everything in front of it are on stable storage',
  },
  {
    name: 'group commit by hand',
    mode: '`fs.writev` and `fs.fdatasync`',
    system: 'group-commit',
    promise: 'the record is on stable storage',
  },
  {
    name: 'lmdb',
    mode: '`overlappingSync: false`',
    system: 'lmdb',
    isInstalled: true,
    promise: 'the transaction is on stable storage',
  },
  {
    name: 'lmdb',
    mode: 'its default',
    system: 'lmdb',
    isInstalled: true,
    options: { overlappingSync: true },
    promise: 'the transaction is visible; `flushed` tells when it is on stable storage',
  },
  {
    name: 'better-sqlite3',
    mode: 'WAL, `synchronous = FULL`',
    system: 'better-sqlite3',
    isInstalled: true,
    promise: 'the transaction is on stable storage',
  },
  {
    name: 'better-sqlite3',
    mode: 'WAL, `synchronous = NORMAL`',
    system: 'better-sqlite3',
    isInstalled: true,
    options: { synchronous: 'NORMAL' },
    promise: 'the transaction is consistent; it may roll back after a loss of power',
  },
  {
    name: 'classic-level',
    mode: '`sync: true`',
    system: 'classic-level',
    isInstalled: true,
    promise: 'the write is on stable storage',
  },
  {
    name: 'write-file-atomic',
    mode: 'its default, one file rewritten',
    system: 'write-file-atomic',
    isInstalled: true,
    promise: 'the file is the new one as a whole; it was synced before it was renamed',
  },
  {
    name: 'tidemark',
    mode: "`durability: 'os'`",
    system: 'tidemark',
    options: { durability: 'os' },
    promise: 'the operating system has the record; a sync follows within a second',
    mustLose: true,
  },
  {
    name: 'group commit by hand',
    mode: '`fs.writev` without a sync',
    system: 'group-commit',
    options: { sync: false },
    promise: 'the operating system has the record',
    mustLose: true,
  },
];

export const systemOf = (name) => import(join(root, 'bench', 'js', 'systems', `${name}.mjs`));
