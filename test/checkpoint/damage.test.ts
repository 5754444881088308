// Damage is named: a strict load rejects, a lenient one says what it passed over.
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint, crc32c } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { describe, expect, it } from 'vitest';
import { range, rejection, temporaryDirectory } from '../support/journals';
import { fileName, flipBit, generationFiles, joined, openCheckpoint, pieces } from './support';

const values = ['the first', 'the second', 'the third'];

async function saved(directory: string): Promise<void> {
  const checkpoint = await Checkpoint.open(directory, { keep: 3 });
  for (const [index, value] of values.entries()) {
    await checkpoint.save(value, { coveredSeq: index + 1 });
  }
  await checkpoint.close();
}

/** What both loads must say when the generations in `damaged` are. */
async function judge(checkpoint: Checkpoint, damaged: number[]): Promise<void> {
  const newest = values.length;
  if (damaged.includes(newest)) {
    const error = await rejection(checkpoint.load());
    expect(error).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
      path: join(checkpoint.directory, fileName(newest)),
      offset: expect.any(Number),
    });
  } else {
    expect(await checkpoint.load()).toEqual({
      value: values[newest - 1],
      generation: newest,
      coveredSeq: newest,
    });
  }
  const valid = range(1, newest).filter((generation) => !damaged.includes(generation));
  const best = valid.at(-1);
  if (best === undefined) {
    const error = await rejection(checkpoint.loadLenient());
    expect(error).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
      path: checkpoint.directory,
      cause: { code: 'ERR_TIDEMARK_CORRUPT' },
    });
    for (const generation of damaged) expect(error.message).toContain(fileName(generation));
    return;
  }
  expect(await checkpoint.loadLenient()).toEqual({
    value: values[best - 1],
    generation: best,
    coveredSeq: best,
    rejected: range(best + 1, newest)
      .reverse()
      .map((generation) => ({
        generation,
        file: join(checkpoint.directory, fileName(generation)),
        reason: expect.stringContaining('damaged'),
      })),
  });
}

describe('a single flipped bit', () => {
  const patience = { timeout: 180_000 }; // thousands of loads, on a machine that may be busy
  it(
    'anywhere in any generation is named by a strict load and listed by a lenient one',
    patience,
    async () => {
      const directory = '/state';
      const disk = new SimulatedDisk();
      await disk.run(async () => {
        await saved(directory);
        const reader = await Checkpoint.open(directory, { readOnly: true });
        for (const generation of range(1, values.length)) {
          const path = join(directory, fileName(generation));
          const file = await disk.fs.open(path, 'r+');
          const whole = await disk.fs.read(file);
          const flip = (at: number, bit: number) =>
            disk.fs.write(file, Buffer.of((whole[at] as number) ^ (1 << bit)), at);
          // Every bit of what is not padding, and one of every padded byte.
          const used = (at: number) => at < 128 || at >= 4096;
          for (const at of range(0, whole.length - 1)) {
            for (const bit of used(at) ? range(0, 7) : at % 97 === 0 ? [at % 8] : []) {
              await flip(at, bit);
              await judge(reader, [generation]);
            }
            await disk.fs.write(file, whole.subarray(at, at + 1), at);
          }
          await disk.fs.close(file);
        }
        await judge(reader, []);
      });
    },
  );

  it('on the real disk does not stop an open, is named, and goes when enough is saved', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    flipBit(join(directory, fileName(3)), 8 * 4098 + 3);
    const checkpoint = await openCheckpoint(directory, { keep: 2 });
    await judge(checkpoint, [3]);
    // The damaged one does not count among those that are kept.
    await checkpoint.save('the fourth');
    expect(generationFiles(directory).length).toBe(3);
    await checkpoint.save('the fifth');
    expect(generationFiles(directory).length).toBe(2);
    expect(await checkpoint.load()).toMatchObject({ value: 'the fifth', generation: 5 });
  });

  it('in the middle of a stream: what comes before it is right, then it rejects', async () => {
    const directory = temporaryDirectory();
    const total = 3 * 1024 * 1024 + 5;
    const checkpoint = await openCheckpoint(directory, { codec: 'binary' });
    await checkpoint.save(pieces(total, 100_000));
    const path = join(directory, fileName(1));
    const damaged = 4096 + 2 * (1024 * 1024 + 4);
    flipBit(path, 8 * (damaged + 77));
    const streamed = await checkpoint.loadStream();
    const wanted = await joined(pieces(total, 100_000));
    let bytes = 0;
    const reading = (async () => {
      for await (const chunk of streamed?.stream ?? []) {
        expect(wanted.subarray(bytes, bytes + chunk.length).equals(chunk)).toBe(true);
        bytes += chunk.length;
      }
    })();
    expect(await rejection(reading)).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
      path,
      offset: damaged,
    });
    expect(bytes).toBe(2 * 1024 * 1024);
    expect(await rejection(checkpoint.load())).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
  });
});

describe('other damage', () => {
  it('is every truncation, and every byte too many', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    const path = join(directory, fileName(3));
    const whole = readFileSync(path);
    const reader = await openCheckpoint(directory, { readOnly: true });
    const lengths = [...range(0, 130), 4095, ...range(4096, whole.length - 1)];
    for (const length of lengths) {
      truncateSync(path, length);
      await judge(reader, [3]);
      writeFileSync(path, whole);
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)]));
    await judge(reader, [3]);
  });

  it('is the file of another generation, and of another directory', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    writeFileSync(join(directory, fileName(3)), readFileSync(join(directory, fileName(2))));
    const checkpoint = await openCheckpoint(directory);
    await judge(checkpoint, [3]);
  });

  it('of all generations is an error in both loads, never an empty checkpoint', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    for (const path of generationFiles(directory)) flipBit(path, 8 * 4096);
    const checkpoint = await openCheckpoint(directory);
    await judge(checkpoint, [1, 2, 3]);
    for (const path of generationFiles(directory)) writeFileSync(path, '');
    await judge(checkpoint, [1, 2, 3]);
    await checkpoint.save('again');
    expect(await checkpoint.load()).toMatchObject({ value: 'again', generation: 4 });
  });

  it('shows in the list of generations', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    truncateSync(join(directory, fileName(2)), 100);
    const checkpoint = await openCheckpoint(directory);
    const listed = await checkpoint.generations();
    expect(listed.map(({ generation, problem }) => [generation, problem?.code])).toEqual([
      [3, undefined],
      [2, 'ERR_TIDEMARK_CORRUPT'],
      [1, undefined],
    ]);
  });
});

describe('the newest generation that is gone', () => {
  const missing = (directory: string, generation: number) => ({
    code: 'ERR_TIDEMARK_CORRUPT',
    path: join(directory, fileName(generation)),
    message: expect.stringContaining('missing'),
  });

  it('is missed by every handle of the process that saved it, until there is a newer one', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    const writer = await openCheckpoint(directory);
    const other = await openCheckpoint(directory);
    await writer.save('the fourth');
    rmSync(join(directory, fileName(4)));
    for (const checkpoint of [writer, other]) {
      expect(await rejection(checkpoint.load())).toMatchObject(missing(directory, 4));
      expect(await rejection(checkpoint.loadStream())).toMatchObject(missing(directory, 4));
      expect(await checkpoint.loadLenient()).toMatchObject({
        value: 'the third',
        rejected: [
          {
            generation: 4,
            file: join(directory, fileName(4)),
            reason: expect.stringContaining('missing'),
          },
        ],
      });
    }
    await other.save('the fifth');
    expect(await writer.load()).toMatchObject({ value: 'the fifth', generation: 5 });
    expect(await writer.loadLenient()).toMatchObject({ rejected: [] });
    // The missing one does not count among those that are kept.
    expect(generationFiles(directory)).toEqual([3, 5].map((n) => join(directory, fileName(n))));
  });

  it('is missed by who opened it, and by a reader that has shown it', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    const writer = await openCheckpoint(directory);
    const reader = await openCheckpoint(directory, { readOnly: true });
    const late = await openCheckpoint(directory, { readOnly: true });
    expect(await reader.load()).toMatchObject({ value: 'the third' });
    rmSync(join(directory, fileName(3)));
    for (const checkpoint of [writer, reader]) {
      expect(await rejection(checkpoint.load())).toMatchObject(missing(directory, 3));
      expect(await checkpoint.loadLenient()).toMatchObject({ value: 'the second' });
    }
    expect(await late.load()).toMatchObject({ value: 'the second' });
  });

  it('and is the last one is no empty checkpoint', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await openCheckpoint(directory);
    await checkpoint.save('the only one');
    rmSync(join(directory, fileName(1)));
    expect(await rejection(checkpoint.load())).toMatchObject(missing(directory, 1));
    const error = await rejection(checkpoint.loadLenient());
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT', path: directory });
    expect(error.message).toContain(fileName(1));
  });
});

describe('a newer format', () => {
  it('is VERSION in both loads and in a save, and nothing is changed', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    const path = join(directory, fileName(3));
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(2, 8);
    bytes.writeUInt32LE(crc32c(bytes.subarray(16, 4096), crc32c(bytes.subarray(0, 12))), 12);
    writeFileSync(path, bytes);
    const checkpoint = await openCheckpoint(directory);
    const before = readdirSync(directory);
    for (const error of await Promise.all(
      [checkpoint.load(), checkpoint.loadLenient(), checkpoint.save('x')].map(rejection),
    )) {
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_VERSION', path });
    }
    expect(readdirSync(directory)).toEqual(before);
  });
});

describe('files that are not ours', () => {
  it('are left alone, whatever happens', async () => {
    const directory = temporaryDirectory();
    const foreign = ['notes', 'checkpoint-1.tide', 'checkpoint-00000000000000AA.tide', 'a.tmp'];
    for (const name of foreign) writeFileSync(join(directory, name), name);
    const checkpoint = await openCheckpoint(directory, { keep: 1 });
    expect(await checkpoint.load()).toBeUndefined();
    for (const n of range(1, 4)) await checkpoint.save(n);
    for (const name of foreign) expect(readFileSync(join(directory, name), 'utf8')).toBe(name);
    expect(await checkpoint.load()).toMatchObject({ value: 4 });
  });

  it('a file with the last number there can be ends the saving, in words', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, fileName(Number.MAX_SAFE_INTEGER)), '');
    const checkpoint = await openCheckpoint(directory);
    expect(await rejection(checkpoint.save(1))).toMatchObject({
      code: 'ERR_TIDEMARK_UNSUPPORTED',
      outcome: 'not-written',
    });
    expect(await rejection(checkpoint.load())).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
  });

  it('a generation that somebody removed is not missed by older ones', async () => {
    const directory = temporaryDirectory();
    await saved(directory);
    rmSync(join(directory, fileName(2)));
    const checkpoint = await openCheckpoint(directory);
    await judge(checkpoint, []);
    await checkpoint.save('next');
    expect(await checkpoint.load()).toMatchObject({ value: 'next', generation: 4 });
  });
});
