// better-sqlite3, WAL, synchronous=FULL unless another is asked for. It is synchronous: what one turn
// of the event loop appended is one transaction at its end, which blocks the loop while the disk works.
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { encoder } from './codec.mjs';

export async function open(directory, { binary, synchronous = 'FULL' }) {
  const encode = encoder(binary);
  const database = new Database(join(directory, 'log.db'));
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${synchronous}`);
  database.exec('CREATE TABLE log (seq INTEGER PRIMARY KEY, value BLOB NOT NULL)');
  const insert = database.prepare('INSERT INTO log (value) VALUES (?)');
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');

  let values = [];
  let waiting = [];
  let recordBytes;
  const flush = () => {
    const rows = values;
    const callers = waiting;
    values = [];
    waiting = [];
    try {
      begin.run();
      for (const row of rows) insert.run(row);
      commit.run();
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      for (const { reject } of callers) reject(error);
      return;
    }
    for (const { resolve } of callers) resolve();
  };
  const add = (value) => {
    const bytes = encode(value);
    recordBytes = bytes.length;
    values.push(bytes);
  };
  const flushed = () =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ resolve, reject });
    });
  return {
    append: (value) => {
      add(value);
      return flushed();
    },
    appendBatch: (many) => {
      for (const value of many) add(value);
      return flushed();
    },
    recordBytes: () => recordBytes,
    stats: () => undefined,
    close: async () => {
      database.close();
    },
  };
}

/** How many records there are. */
export function stored(directory) {
  const database = new Database(join(directory, 'log.db'));
  const count = database.prepare('SELECT count(*) FROM log').pluck().get();
  database.close();
  return count;
}

/** The records in order; none when the transaction that made the table was rolled back as well. */
export async function readAll(directory) {
  const database = new Database(join(directory, 'log.db'));
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE name = 'log'").all();
  const rows =
    tables.length > 0 ? database.prepare('SELECT value FROM log ORDER BY seq').all() : [];
  database.close();
  return rows.map(({ value }) => value);
}
