// crc32c, writeFileAtomic, syncDirectory, DirectoryLock.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { crc32c, DirectoryLock, syncDirectory, writeFileAtomic } from 'tidemark';
import { describe, expect, it, onTestFinished } from 'vitest';
import { child, rejection, talkingChild, temporaryDirectory } from '../support/journals';

describe('crc32c', () => {
  it('is that of RFC 3720, appendix B.4', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it('takes the result for the preceding bytes as seed', () => {
    const bytes = Buffer.from('some bytes that are split in two');
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
    }
  });
});

describe('writeFileAtomic', () => {
  it('makes and replaces a file and leaves no other behind', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'file');
    await writeFileAtomic(path, 'first é');
    expect(readFileSync(path, 'utf8')).toBe('first é');
    await writeFileAtomic(path, Buffer.from([1, 2, 3]));
    expect(readFileSync(path)).toEqual(Buffer.from([1, 2, 3]));
    await writeFileAtomic(path, '');
    expect(readFileSync(path)).toHaveLength(0);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('has mode 0o600, or the one asked for', async () => {
    const path = join(temporaryDirectory(), 'file');
    await writeFileAtomic(path, 'a');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await writeFileAtomic(path, 'a', { mode: 0o666 });
    expect(statSync(path).mode & 0o777).toBe(0o666);
  });

  it('copies the data before it returns', async () => {
    const path = join(temporaryDirectory(), 'file');
    const data = Buffer.from('before');
    const written = writeFileAtomic(path, data);
    data.write('after!');
    await written;
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it('many at once leave one whole file', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'file');
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('that fails leaves the old file and nothing else', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'taken'));
    const missing = await rejection(writeFileAtomic(join(directory, 'no', 'file'), 'a'));
    expect(missing).toMatchObject({ code: 'ERR_TIDEMARK_IO', cause: { code: 'ENOENT' } });
    expect(await rejection(writeFileAtomic(join(directory, 'taken'), 'a'))).toMatchObject({
      code: 'ERR_TIDEMARK_IO',
    });
    expect(readdirSync(directory)).toEqual(['taken']);
  });

  it('replaces a symbolic link itself', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'target'), 'target');
    symlinkSync(join(directory, 'target'), join(directory, 'link'));
    await writeFileAtomic(join(directory, 'link'), 'new');
    expect(readFileSync(join(directory, 'target'), 'utf8')).toBe('target');
    expect(readFileSync(join(directory, 'link'), 'utf8')).toBe('new');
  });

  it('aborted before it begins writes nothing', async () => {
    const directory = temporaryDirectory();
    const signal = AbortSignal.abort();
    const error = await rejection(writeFileAtomic(join(directory, 'file'), 'a', { signal }));
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('syncDirectory', () => {
  it('takes a directory', async () => {
    const directory = temporaryDirectory();
    await syncDirectory(directory);
    expect(await rejection(syncDirectory(join(directory, 'missing')))).toMatchObject({
      code: 'ERR_TIDEMARK_IO',
      cause: { code: 'ENOENT' },
    });
  });
});

describe('DirectoryLock', () => {
  it('has one holder in a process, and the error names it', async () => {
    const directory = temporaryDirectory();
    const lock = await DirectoryLock.acquire(directory);
    expect(lock.holder).toMatchObject({ pid: process.pid, host: expect.any(String) });
    expect(lock.holder.since).toBeInstanceOf(Date);
    const error = await rejection(DirectoryLock.acquire(directory));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_LOCKED', holder: { pid: process.pid } });
    await lock.release();
    await lock.release();
    await (await DirectoryLock.acquire(directory)).release();
  });

  it('waits with timeoutMs, until it is free, aborted or over', async () => {
    const directory = temporaryDirectory();
    const lock = await DirectoryLock.acquire(directory);
    const over = await rejection(DirectoryLock.acquire(directory, { timeoutMs: 30 }));
    expect(over).toMatchObject({ code: 'ERR_TIDEMARK_LOCKED' });
    const controller = new AbortController();
    const aborted = rejection(
      DirectoryLock.acquire(directory, { timeoutMs: 60_000, signal: controller.signal }),
    );
    controller.abort();
    expect(await aborted).toMatchObject({ name: 'AbortError' });
    const waiting = DirectoryLock.acquire(directory, { timeoutMs: 60_000 });
    await lock.release();
    await (await waiting).release();
  });

  it('names the holder of another process, and is free when that is killed', async () => {
    const directory = temporaryDirectory();
    const holder = talkingChild('lock-holder.mjs', directory);
    await holder.next();
    const error = await rejection(DirectoryLock.acquire(directory));
    expect(error).toMatchObject({
      code: 'ERR_TIDEMARK_LOCKED',
      holder: { pid: holder.process.pid },
    });
    holder.process.kill('SIGKILL');
    await holder.ended();
    await (await DirectoryLock.acquire(directory, { timeoutMs: 10_000 })).release();
  });

  it('is free when the worker that held it is terminated', async () => {
    const directory = temporaryDirectory();
    const worker = new Worker(child('lock-holder.mjs'), { argv: [directory] });
    onTestFinished(async () => {
      await worker.terminate();
    });
    await new Promise((resolve) => worker.once('message', resolve));
    expect(await rejection(DirectoryLock.acquire(directory))).toMatchObject({
      code: 'ERR_TIDEMARK_LOCKED',
    });
    await worker.terminate();
    await (await DirectoryLock.acquire(directory, { timeoutMs: 10_000 })).release();
  });
});
