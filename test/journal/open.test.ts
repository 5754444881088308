// Journal.open: what is recorded, what is taken from the journal, what is refused.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Codec, Journal, type JournalOptions } from 'tidemark';
import { describe, expect, it } from 'vitest';
import {
  collect,
  openJournal,
  rejection,
  rejections,
  runChild,
  temporaryDirectory,
  valuesOf,
} from '../support/journals';

const text: Codec<string> = {
  name: 'text',
  version: 3,
  encode: (value) => Buffer.from(value),
  decode: (bytes) => Buffer.from(bytes).toString(),
};

describe('open', () => {
  it('creates the directory and its parents', async () => {
    const directory = join(temporaryDirectory(), 'a', 'b', 'c');
    const journal = await openJournal(directory);
    expect(journal.recovery).toMatchObject({ path: 'created', lastSeq: 0, tail: 'clean' });
    expect(journal).toMatchObject({ firstSeq: 1, lastSeq: 0, durableSeq: 0, writable: true });
    expect(journal.id).toMatch(/^[0-9a-f]{32}$/);
    expect(journal.epoch).toMatch(/^[0-9a-f]{16}$/);
  });

  it('takes a relative path from the working directory of the call', async () => {
    const directory = temporaryDirectory();
    const { code, stdout, stderr } = await runChild('relative.mjs', [directory]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(join(directory, 'here'))).toContain('journal.lock');
    expect(existsSync(join(directory, 'elsewhere', 'here'))).toBe(false);
  });

  it('after a clean close is clean and keeps id, epoch and records', async () => {
    const directory = temporaryDirectory();
    const first = await openJournal<string>(directory);
    await first.append('a');
    const { id, epoch } = first;
    await first.close();
    const second = await openJournal<string>(directory);
    expect(second).toMatchObject({ id, epoch, firstSeq: 1, lastSeq: 1, durableSeq: 1 });
    expect(second.recovery).toMatchObject({ path: 'clean', lastSeq: 1, tail: 'clean' });
    expect(second.recovery.cut).toBeUndefined();
    expect(await second.append('b')).toBe(2);
  });

  it('lists files that are not its own and leaves them alone', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    const journal = await openJournal(directory);
    await journal.close();
    expect((await openJournal(directory)).recovery.foreign).toEqual(['notes.txt']);
    expect(existsSync(join(directory, 'notes.txt'))).toBe(true);
  });

  it('records codec, contentHash, application and startSeq; left out later they are taken', async () => {
    const directory = temporaryDirectory();
    const options: JournalOptions<unknown> = {
      codec: 'json',
      contentHash: 'sha256',
      application: 'events',
      startSeq: 5,
    };
    const first = await openJournal(directory, options);
    await first.append({ a: 1 });
    await first.close();
    const second = await openJournal(directory);
    expect(await collect(second.read())).toEqual([{ seq: 5, value: { a: 1 } }]);
    await second.append({ b: 2 });
    await second.close();
    const again = await openJournal(directory, options);
    expect(await valuesOf(again.read())).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('a different recorded option is MISMATCH, also when joining and read-only', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal(directory, { application: 'events' });
    const others: JournalOptions<unknown>[] = [
      { codec: 'json' },
      { contentHash: 'sha256' },
      { application: 'audit' },
      { startSeq: 2 },
    ];
    for (const options of others) {
      const error = await rejection(Journal.open(directory, options));
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
    }
    await journal.append(1);
    await journal.close();
    for (const options of others) {
      const error = await rejection(Journal.open(directory, options));
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
      const readOnly = await rejection(Journal.open(directory, { ...options, readOnly: true }));
      expect(readOnly).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
    }
    expect((await openJournal(directory)).recovery.path).toBe('clean');
  });

  it("a journal with a user's codec needs that codec again", async () => {
    const directory = temporaryDirectory();
    const first = await openJournal<string>(directory, { codec: text });
    await first.append('héllo');
    await first.close();
    expect(await rejection(Journal.open(directory))).toMatchObject({
      code: 'ERR_TIDEMARK_MISMATCH',
    });
    const newer = { ...text, version: 4 };
    expect(await rejection(Journal.open(directory, { codec: newer }))).toMatchObject({
      code: 'ERR_TIDEMARK_MISMATCH',
    });
    expect(await valuesOf((await openJournal(directory, { codec: text })).read())).toEqual([
      'héllo',
    ]);
  });

  it('several opens of one directory are handles on one journal', async () => {
    const directory = temporaryDirectory();
    const first = await openJournal<string>(directory);
    const second = await openJournal<string>(directory);
    expect(second.id).toBe(first.id);
    expect(await first.append('a')).toBe(1);
    expect(await second.append('b')).toBe(2);
    expect(first.stats().handles).toBe(2);
    await first.close();
    expect(await second.append('c')).toBe(3);
    expect(await valuesOf(second.read())).toEqual(['a', 'b', 'c']);
  });

  it('at once from many callers makes one journal', async () => {
    const directory = temporaryDirectory();
    const journals = await Promise.all(
      Array.from({ length: 8 }, () => openJournal<number>(directory)),
    );
    expect(new Set(journals.map(({ id }) => id)).size).toBe(1);
    const seqs = await Promise.all(journals.map((journal, index) => journal.append(index)));
    expect(seqs.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('gives its files the mode', async () => {
    const directory = temporaryDirectory();
    await (await openJournal(directory, { mode: 0o640 })).close();
    const other = temporaryDirectory();
    await (await openJournal(other)).close();
    const modes = (where: string) =>
      new Set(readdirSync(where).map((name) => statSync(join(where, name)).mode & 0o777));
    expect(modes(directory)).toEqual(new Set([0o640]));
    expect(modes(other)).toEqual(new Set([0o600]));
  });

  it('expectSeq above the end is CORRUPT, not cut', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal(directory);
    await journal.append(1);
    await journal.close();
    const error = await rejection(Journal.open(directory, { expectSeq: 2 }));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
    expect((await openJournal(directory, { expectSeq: 1 })).lastSeq).toBe(1);
  });

  it('a path that is no directory is IO', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(await rejection(Journal.open(file))).toMatchObject({ code: 'ERR_TIDEMARK_IO' });
    expect(await rejection(Journal.open(join(file, 'below')))).toMatchObject({
      code: 'ERR_TIDEMARK_IO',
    });
  });
});

describe('read-only', () => {
  it('shows what was written and writes nothing', async () => {
    const directory = temporaryDirectory();
    const writer = await openJournal<string>(directory);
    await writer.appendBatch(['a', 'b']);
    await writer.close();
    const before = readdirSync(directory).map((name) => [
      name,
      statSync(join(directory, name)).mtimeMs,
    ]);
    const reader = await openJournal<string>(directory, { readOnly: true });
    expect(reader).toMatchObject({ firstSeq: 1, lastSeq: 2, durableSeq: 2, writable: false });
    expect(await valuesOf(reader.read())).toEqual(['a', 'b']);
    expect(await reader.get(2)).toEqual({ seq: 2, value: 'b' });
    expect(reader.segments()).toHaveLength(1);
    expect(reader.stats().mode.why).toBe('read-only');
    const after = readdirSync(directory).map((name) => [
      name,
      statSync(join(directory, name)).mtimeMs,
    ]);
    expect(after).toEqual(before);
  });

  it('refuses everything that writes', async () => {
    const directory = temporaryDirectory();
    await (await openJournal(directory)).close();
    const reader = await openJournal<number>(directory, { readOnly: true });
    const readOnly = { code: 'ERR_TIDEMARK_READ_ONLY' };
    const attempts = [
      reader.append(1),
      reader.appendBatch([1]),
      reader.sync(),
      reader.cursor('c'),
      reader.deleteCursor('c'),
      reader.truncateBefore(1),
      reader.ready,
    ];
    for (const error of await rejections(attempts)) expect(error).toMatchObject(readOnly);
    expect(() => reader.write(1)).toThrow(expect.objectContaining(readOnly));
    expect(() => reader.appendSync(1)).toThrow(expect.objectContaining(readOnly));
    expect(() => reader.createWriteStream()).toThrow(expect.objectContaining(readOnly));
    expect(() => reader.toWritableStream()).toThrow(expect.objectContaining(readOnly));
  });

  it('creates nothing: a missing directory is IO with ENOENT', async () => {
    const directory = join(temporaryDirectory(), 'missing');
    const error = await rejection(Journal.open(directory, { readOnly: true }));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_IO', cause: { code: 'ENOENT' } });
    expect(existsSync(directory)).toBe(false);
  });

  it('follows the writer of the same process', async () => {
    const directory = temporaryDirectory();
    const writer = await openJournal<number>(directory);
    const reader = await openJournal<number>(directory, { readOnly: true });
    const follower = reader.follow();
    const first = follower.next();
    await writer.append(1);
    expect((await first).value).toEqual({ seq: 1, value: 1 });
    const waiting = reader.waitFor(2);
    await writer.append(2);
    expect(await waiting).toBe(2);
    await reader.close();
    expect((await follower.next()).done).toBe(true);
  });

  it('sees what is acknowledged later, without being told', async () => {
    const directory = temporaryDirectory();
    const writer = await openJournal<number>(directory, { idleMarkMs: 0 });
    const reader = await openJournal<number>(directory, { readOnly: true });
    await writer.append(1);
    await reader.waitFor(1);
    expect(await valuesOf(reader.read())).toEqual([1]);
  });

  it('after close is CLOSED', async () => {
    const directory = temporaryDirectory();
    await (await openJournal(directory)).close();
    const reader = await openJournal(directory, { readOnly: true });
    await reader.close();
    await reader.closed;
    expect(await rejection(reader.get(1))).toMatchObject({ code: 'ERR_TIDEMARK_CLOSED' });
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'ERR_TIDEMARK_CLOSED' }));
  });

  it('an empty directory is refused as no journal, and stays empty', async () => {
    const directory = join(temporaryDirectory(), 'empty');
    mkdirSync(directory);
    const opened = await Journal.open(directory, { readOnly: true }).then(
      async (journal) => {
        const { lastSeq } = journal;
        await journal.close();
        return lastSeq;
      },
      (error: { code: string }) => error.code,
    );
    expect(['ERR_TIDEMARK_IO', 0]).toContain(opened);
    expect(readdirSync(directory)).toEqual([]);
  });
});
