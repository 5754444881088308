// Values of any size go in and out as streams, in bounded memory.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { range, rejection, temporaryDirectory } from '../support/journals';
import { joined, openCheckpoint, pieces, temporaries } from './support';

const mebibyte = 1024 * 1024;

describe('a stream', () => {
  it('of any length, in pieces of any size, comes back as it was', async () => {
    const checkpoint = await openCheckpoint<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    for (const total of [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 2_500_000]) {
      const wanted = await joined(pieces(total, 99_999));
      for (const size of [70_001, mebibyte, 3_000_000]) {
        const progress: number[] = [];
        const { generation } = await checkpoint.save(pieces(total, size), {
          coveredSeq: total,
          onProgress: ({ bytes }) => progress.push(bytes),
        });
        const streamed = await checkpoint.loadStream();
        expect(streamed).toMatchObject({ generation, coveredSeq: total });
        const found = await joined(streamed?.stream ?? pieces(0, 1));
        expect(found.equals(wanted)).toBe(true);
        const loaded = await checkpoint.load();
        expect(wanted.equals(loaded?.value ?? Buffer.of(1))).toBe(true);
        expect(progress.at(-1) ?? 0).toBe(total);
        expect(progress).toEqual([...progress].sort((a, b) => a - b));
      }
    }
  });

  it('may be a Readable, and is what the codec would have made of the value', async () => {
    const checkpoint = await openCheckpoint<unknown>(temporaryDirectory(), { codec: 'json' });
    await checkpoint.save(Readable.from([Buffer.from('{"a":'), Buffer.from('[1]}')]));
    expect((await checkpoint.load())?.value).toEqual({ a: [1] });
    await checkpoint.save({ b: 2 });
    const streamed = await checkpoint.loadStream();
    expect(String(await joined(streamed?.stream ?? pieces(0, 1)))).toBe('{"b":2}');
  });

  it('that fails leaves what was there, and no file of its own', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await openCheckpoint<unknown>(directory);
    await checkpoint.save('before');
    const failing = (async function* () {
      yield* pieces(3 * mebibyte, 500_000);
      throw new Error('the source broke');
    })();
    expect(await rejection(checkpoint.save(failing))).toMatchObject({
      message: 'the source broke',
    });
    const wrong = Readable.from(['text is no bytes']);
    expect(await rejection(checkpoint.save(wrong))).toBeInstanceOf(TypeError);
    const impatient = checkpoint.save(pieces(3 * mebibyte, 500_000), {
      onProgress: () => {
        throw new Error('enough');
      },
    });
    expect(await rejection(impatient)).toMatchObject({ message: 'enough' });
    expect(await checkpoint.load()).toMatchObject({ value: 'before', generation: 1 });
    expect(temporaries(directory)).toEqual([]);
  });

  it('that a later save overtakes ends with its generation, and reads its source no further', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await openCheckpoint<unknown>(directory);
    let pull = () => {};
    let closed = false;
    const source = (async function* () {
      try {
        yield Buffer.alloc(mebibyte);
        await new Promise<void>((resolve) => {
          pull = resolve;
        });
        for (;;) yield Buffer.alloc(mebibyte);
      } finally {
        closed = true;
      }
    })();
    const begun = new Promise<void>((resolve) => {
      void checkpoint
        .save(source, { onProgress: () => resolve() })
        .then((saved) => expect(saved).toEqual({ generation: 1 }));
    });
    await begun;
    expect(temporaries(directory).length).toBe(1);
    expect(await checkpoint.save('later')).toEqual({ generation: 1 });
    pull();
    await checkpoint.close();
    expect(closed).toBe(true);
    expect(temporaries(directory)).toEqual([]);
    const again = await openCheckpoint(directory);
    expect(await again.load()).toMatchObject({ value: 'later', generation: 1 });
  });

  it('may be left in the middle, and may outlive the generation it is of', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await openCheckpoint<Uint8Array>(directory, { codec: 'binary', keep: 1 });
    await checkpoint.save(pieces(3 * mebibyte, mebibyte));
    const left = await checkpoint.loadStream();
    for await (const chunk of left?.stream ?? []) {
      expect(chunk.length).toBe(mebibyte);
      break;
    }
    const reading = await checkpoint.loadStream();
    await checkpoint.save(Buffer.from('newer'));
    const found = await joined(reading?.stream ?? pieces(0, 1));
    expect(found.equals(await joined(pieces(3 * mebibyte, mebibyte)))).toBe(true);
  });

  it('needs memory for a few chunks, however long it is', async () => {
    const directory = temporaryDirectory();
    const child = join(import.meta.dirname, 'children', 'large.mjs');
    const ended = spawnSync(process.execPath, [child, directory, '192'], { encoding: 'utf8' });
    expect(ended.stderr).toBe('');
    const { saved, loaded, grown, progress } = JSON.parse(ended.stdout);
    expect([saved, loaded, progress]).toEqual([192 * mebibyte, 192 * mebibyte, 192]);
    expect(grown).toBeLessThan(64 * mebibyte);
    expect(readdirSync(directory).length).toBe(3); // two generations and the lock file
  });

  it('is one of many at the same time', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await openCheckpoint<Uint8Array>(directory, { codec: 'binary' });
    const sizes = range(1, 8).map((n) => n * 200_000);
    const saved = await Promise.all(sizes.map((size) => checkpoint.save(pieces(size, 65_000))));
    const last = saved.at(-1)?.generation;
    for (const { generation } of saved) expect(generation).toBeLessThanOrEqual(last as number);
    const loaded = await checkpoint.load();
    expect(loaded?.generation).toBe(last);
    expect(
      Buffer.from(loaded?.value ?? []).equals(await joined(pieces(1_600_000, 1_000_000))),
    ).toBe(true);
    expect(temporaries(directory)).toEqual([]);
  });
});
