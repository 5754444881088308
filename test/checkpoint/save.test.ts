// What is saved is loaded: values, codecs, versions, schemas, generations.
import { channel } from 'node:diagnostics_channel';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint, type CheckpointEvent, type Codec, msgpack } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asynchronous, expectNothingUnhandled } from '../support/asynchronous';
import { range, rejection, rejections, temporaryDirectory } from '../support/journals';
import { fileName, generationFiles, openCheckpoint } from './support';

const upper: Codec<string> = {
  name: 'upper',
  version: 4,
  encode: (value) => Buffer.from(value.toUpperCase()),
  decode: (bytes) => Buffer.from(bytes).toString(),
};

describe('a checkpoint', () => {
  it('has nothing before the first save, in a directory that open makes with its parents', async () => {
    const directory = join(temporaryDirectory(), 'a', 'b');
    const checkpoint = await openCheckpoint(directory);
    expect(await checkpoint.load()).toBeUndefined();
    expect(await checkpoint.loadLenient()).toBeUndefined();
    expect(await checkpoint.loadStream()).toBeUndefined();
    expect(await checkpoint.generations()).toEqual([]);
    expect(checkpoint.directory).toBe(directory);
  });

  it('gives back the newest value, whatever it is, and counts generations from 1', async () => {
    const checkpoint = await openCheckpoint(temporaryDirectory());
    const values = [
      null,
      undefined,
      0,
      '',
      'ä\u0000\n"../',
      [1, [2, { three: 3n }]],
      { date: new Date(1), set: new Set(['a']), bytes: Buffer.from([1, 2]) },
      'x'.repeat(3_000_000),
    ];
    for (const [index, value] of values.entries()) {
      expect(await checkpoint.save(value)).toEqual({ generation: index + 1 });
      expect(await checkpoint.load()).toStrictEqual({
        value,
        generation: index + 1,
        coveredSeq: 0,
      });
    }
  });

  it('says which records of which journal it covers', async () => {
    const checkpoint = await openCheckpoint(temporaryDirectory());
    const journal = { id: '00112233445566778899aabbccddeeff', epoch: '0123456789abcdef' };
    await checkpoint.save('a', { coveredSeq: Number.MAX_SAFE_INTEGER, journal });
    const known = { generation: 1, coveredSeq: Number.MAX_SAFE_INTEGER, journal };
    expect(await checkpoint.load()).toStrictEqual({ value: 'a', ...known });
    expect(await checkpoint.loadLenient()).toStrictEqual({ value: 'a', ...known, rejected: [] });
    expect(await checkpoint.loadStream()).toMatchObject(known);
    expect(await checkpoint.generations()).toEqual([
      {
        generation: 1,
        file: join(checkpoint.directory, fileName(1)),
        header: {
          ...known,
          version: 1,
          codec: { name: 'msgpack', version: 1 },
          savedAt: expect.any(Date),
          valueBytes: 2,
          bytes: 4096 + 2 + 4,
        },
      },
    ]);
  });

  it('is encoded before save returns: later changes of the value do not matter', async () => {
    const checkpoint = await openCheckpoint<number[]>(temporaryDirectory());
    const value = [1, 2, 3];
    const saved = checkpoint.save(value);
    value.push(4);
    await saved;
    expect((await checkpoint.load())?.value).toEqual([1, 2, 3]);
    const bytes = Buffer.from('before');
    const binary = await openCheckpoint<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    const savedBytes = binary.save(bytes);
    bytes.fill(0);
    await savedBytes;
    expect(String((await binary.load())?.value)).toBe('before');
  });

  it('keeps two generations, or as many as are asked for', async () => {
    const directory = temporaryDirectory();
    const two = await openCheckpoint(directory);
    for (const n of range(1, 5)) await two.save(n);
    expect((await two.generations()).map(({ generation }) => generation)).toEqual([5, 4]);
    const four = await openCheckpoint(directory, { keep: 4 });
    for (const n of range(6, 9)) await four.save(n);
    expect(generationFiles(directory)).toEqual(
      range(6, 9).map((n) => join(directory, fileName(n))),
    );
    const one = await openCheckpoint(directory, { keep: 1 });
    await one.save(10);
    expect(generationFiles(directory)).toEqual([join(directory, fileName(10))]);
  });

  it('goes on counting when it is opened again', async () => {
    const directory = temporaryDirectory();
    for (const n of range(1, 4)) {
      const checkpoint = await Checkpoint.open(directory);
      expect((await checkpoint.load())?.value).toBe(n === 1 ? undefined : n - 1);
      expect(await checkpoint.save(n)).toEqual({ generation: n });
      await checkpoint.close();
    }
  });

  it('has files of the mode that was asked for', async () => {
    const directory = join(temporaryDirectory(), 'new');
    const checkpoint = await openCheckpoint(directory, { mode: 0o640 });
    await checkpoint.save(1);
    expect(statSync(join(directory, fileName(1))).mode & 0o777).toBe(0o640);
    expect(statSync(directory).mode & 0o777).toBe(0o750);
  });

  it('closes once its saves are settled, and refuses what comes later', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await Checkpoint.open(directory);
    let settled = 0;
    for (const n of range(1, 5)) {
      void checkpoint.save(n).then(() => {
        settled++;
      });
    }
    await checkpoint.close();
    expect(settled).toBe(5);
    await checkpoint.close();
    for (const error of await Promise.all(
      [checkpoint.save(6), checkpoint.load(), checkpoint.generations()].map(rejection),
    )) {
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_CLOSED' });
    }
    const again = await openCheckpoint(directory);
    expect((await again.load())?.value).toBe(5);
  });

  it('is closed by await using', async () => {
    const directory = temporaryDirectory();
    let outside: Checkpoint | undefined;
    {
      await using checkpoint = await Checkpoint.open(directory);
      outside = checkpoint;
    }
    expect(await rejection(outside.load())).toMatchObject({ code: 'ERR_TIDEMARK_CLOSED' });
  });

  it('tells tidemark:checkpoint of every generation once', async () => {
    const events: CheckpointEvent[] = [];
    const listener = (event: unknown) => events.push(event as CheckpointEvent);
    channel('tidemark:checkpoint').subscribe(listener);
    try {
      const checkpoint = await openCheckpoint(temporaryDirectory());
      await Promise.all(range(1, 5).map((n) => checkpoint.save(n, { coveredSeq: n })));
      const newest = await checkpoint.load();
      expect(events.map(({ generation }) => generation)).toEqual(
        range(1, newest?.generation as number),
      );
      expect(events.at(-1)).toEqual({
        directory: checkpoint.directory,
        generation: newest?.generation,
        coveredSeq: 5,
        durationMs: expect.any(Number),
      });
    } finally {
      channel('tidemark:checkpoint').unsubscribe(listener);
    }
  });
});

describe('codecs', () => {
  it('are recorded, taken from what is there, and another one is refused', async () => {
    const directory = temporaryDirectory();
    const json = await Checkpoint.open(directory, { codec: 'json' });
    await json.save({ a: [1, 'two'] });
    await json.close();
    const refused = await rejection(Checkpoint.open(directory, { codec: 'msgpack' }));
    expect(refused).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
    const taken = await openCheckpoint(directory);
    expect((await taken.load())?.value).toEqual({ a: [1, 'two'] });
    await taken.save({ b: 2 });
    expect((await taken.generations())[0]?.header?.codec).toEqual({ name: 'json', version: 1 });
    const reader = await openCheckpoint(directory, { codec: 'binary', readOnly: true });
    expect(await rejection(reader.load())).toMatchObject({
      code: 'ERR_TIDEMARK_MISMATCH',
      path: join(directory, fileName(2)),
    });
  });

  it('of the user are called with bytes of their own, and asked for by name', async () => {
    const directory = temporaryDirectory();
    const own = await Checkpoint.open(directory, { codec: upper });
    await own.save('abc');
    expect((await own.load())?.value).toBe('ABC');
    await own.close();
    expect(await rejection(Checkpoint.open(directory))).toMatchObject({
      code: 'ERR_TIDEMARK_MISMATCH',
      message: expect.stringContaining("codec 'upper'"),
    });
    expect(
      await rejection(Checkpoint.open(directory, { codec: { ...upper, version: 5 } })),
    ).toMatchObject({ code: 'ERR_TIDEMARK_MISMATCH' });
    expect((await (await openCheckpoint(directory, { codec: upper })).load())?.value).toBe('ABC');
  });

  it('that cannot encode refuse the save, and nothing is written', async () => {
    const checkpoint = await openCheckpoint(temporaryDirectory());
    await checkpoint.save(1);
    const circular: unknown[] = [];
    circular.push(circular);
    for (const value of [() => {}, circular]) {
      expect(await rejection(checkpoint.save(value))).toMatchObject({
        code: 'ERR_TIDEMARK_ENCODE',
        outcome: 'not-written',
      });
    }
    expect(await checkpoint.load()).toMatchObject({ value: 1, generation: 1 });
  });

  it('that cannot decode what is undamaged say so, and loadStream gives the bytes', async () => {
    const directory = temporaryDirectory();
    const broken: Codec<string> = {
      ...upper,
      decode: () => {
        throw new Error('not today');
      },
    };
    const checkpoint = await openCheckpoint(directory, { codec: broken });
    await checkpoint.save('abc');
    for (const error of await Promise.all(
      [checkpoint.load(), checkpoint.loadLenient()].map(rejection),
    )) {
      expect(error).toMatchObject({
        code: 'ERR_TIDEMARK_ENCODE',
        message: expect.stringContaining('not today'),
      });
    }
    const streamed = await checkpoint.loadStream();
    for await (const bytes of streamed?.stream ?? []) expect(String(bytes)).toBe('ABC');
  });

  it('with structures need a journal', async () => {
    const structures = msgpack({ structures: true });
    expect(
      await rejection(Checkpoint.open(temporaryDirectory(), { codec: structures })),
    ).toMatchObject({ code: 'ERR_TIDEMARK_CONFIG' });
  });
});

describe('schema, version and migrate', () => {
  const schema = z.object({ name: z.string() });

  it('a value that does not fit is refused when it is saved, and when it is loaded', async () => {
    const directory = temporaryDirectory();
    const strict = await openCheckpoint(directory, { schema });
    expect(await rejection(strict.save({ name: 1 } as never))).toMatchObject({
      code: 'ERR_TIDEMARK_SCHEMA',
      issues: [{ path: ['name'] }],
    });
    expect(await strict.load()).toBeUndefined();
    const loose = await openCheckpoint(directory);
    await loose.save({ name: 1 });
    for (const error of await Promise.all([strict.load(), strict.loadLenient()].map(rejection))) {
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_SCHEMA' });
    }
    await strict.save({ name: 'a' });
    expect((await strict.load())?.value).toEqual({ name: 'a' });
  });

  it('an older version is migrated, and the result validated', async () => {
    const directory = temporaryDirectory();
    await (await openCheckpoint(directory)).save('ann');
    const unready = await openCheckpoint(directory, { version: 3 });
    expect(await rejection(unready.load())).toMatchObject({ code: 'ERR_TIDEMARK_VERSION' });
    const seen: unknown[] = [];
    const migrate = (value: unknown, version: number) => {
      seen.push([value, version]);
      return { name: version === 1 ? String(value) : (7 as never) };
    };
    const third = await openCheckpoint(directory, { version: 3, schema, migrate });
    expect(await third.load()).toEqual({ value: { name: 'ann' }, generation: 1, coveredSeq: 0 });
    expect((await third.loadLenient())?.value).toEqual({ name: 'ann' });
    expect(seen).toEqual([
      ['ann', 1],
      ['ann', 1],
    ]);
    await (await openCheckpoint(directory, { version: 2 })).save('bob');
    expect(await rejection(third.load())).toMatchObject({ code: 'ERR_TIDEMARK_SCHEMA' });
    await third.save({ name: 'eve' });
    expect((await third.load())?.value).toEqual({ name: 'eve' });
    expect(seen.length).toBe(3);
  });

  it('a newer version is refused, leniently too: nothing is damaged', async () => {
    const directory = temporaryDirectory();
    await (await openCheckpoint(directory)).save('old');
    await (await openCheckpoint(directory, { version: 2 })).save('new');
    const old = await openCheckpoint(directory, { migrate: () => 'never' });
    for (const error of await Promise.all([old.load(), old.loadLenient()].map(rejection))) {
      expect(error).toMatchObject({
        code: 'ERR_TIDEMARK_VERSION',
        path: join(directory, fileName(2)),
      });
    }
  });
});

describe('readOnly', () => {
  it('creates and changes nothing, takes no lock and stands beside a writer', async () => {
    const directory = temporaryDirectory();
    const writer = await Checkpoint.open(directory);
    await writer.save('a');
    const before = readdirSync(directory);
    const reader = await openCheckpoint(directory, { readOnly: true });
    expect((await reader.load())?.value).toBe('a');
    await writer.save('b');
    expect((await reader.load())?.value).toBe('b');
    expect(await rejection(reader.save('c'))).toMatchObject({ code: 'ERR_TIDEMARK_READ_ONLY' });
    expect(readdirSync(directory).sort()).toEqual([...before, fileName(2)].sort());
    await writer.close();
    const missing = join(directory, 'missing');
    expect(await rejection(Checkpoint.open(missing, { readOnly: true }))).toMatchObject({
      code: 'ERR_TIDEMARK_IO',
      cause: { code: 'ENOENT' },
    });
    expect(existsSync(missing)).toBe(false);
  });

  it('loads from a directory that may not be written', async () => {
    const directory = temporaryDirectory();
    const writer = await Checkpoint.open(directory);
    await writer.save('a');
    await writer.close();
    chmodSync(directory, 0o555);
    try {
      const reader = await openCheckpoint(directory, { readOnly: true });
      expect((await reader.load())?.value).toBe('a');
      expect((await reader.loadLenient())?.value).toBe('a');
    } finally {
      chmodSync(directory, 0o755);
    }
  });
});

describe.each(asynchronous)('%s', (_, result) => {
  it('is refused from migrate and from a codec', async () => {
    expectNothingUnhandled();
    const directory = temporaryDirectory();
    const asked = result as () => never;
    const first = await openCheckpoint<string>(directory, { codec: upper });
    await first.save('a');
    const second = await openCheckpoint<string>(directory, {
      codec: { ...upper, encode: asked },
      version: 2,
      migrate: asked,
    });
    expect(await rejection(second.save('b'))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'codec.encode returned a promise: it has to be synchronous',
    });
    expect(await rejection(second.load())).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'migrate returned a promise: it has to be synchronous',
    });
    const third = await openCheckpoint<string>(directory, { codec: { ...upper, decode: asked } });
    for (const error of await rejections([third.load(), third.loadLenient()])) {
      expect(error).toMatchObject({
        code: 'ERR_TIDEMARK_ENCODE',
        cause: { message: 'codec.decode returned a promise: it has to be synchronous' },
      });
    }
    expect((await first.load())?.value).toBe('A');
  });
});

describe('wrong arguments', () => {
  it('are refused before anything is made', async () => {
    const directory = join(temporaryDirectory(), 'never');
    const open = (options: unknown) => rejection(Checkpoint.open(directory, options as never));
    expect(await rejection(Checkpoint.open(''))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(await rejection(Checkpoint.open(1 as never))).toBeInstanceOf(TypeError);
    expect(await open({ kepp: 1 })).toMatchObject({ message: expect.stringContaining('"keep"') });
    expect(await open({ codec: 'jsn' })).toMatchObject({
      message: expect.stringContaining('json'),
    });
    for (const range of [{ keep: 0 }, { keep: 1001 }, { version: -1 }, { version: 2 ** 32 }]) {
      expect(await open(range)).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    }
    expect(await open({ migrate: 1 })).toBeInstanceOf(TypeError);
    expect(await open({ readOnly: 1 })).toBeInstanceOf(TypeError);
    expect(existsSync(directory)).toBe(false);
  });

  it('of a save use no generation', async () => {
    const checkpoint = await openCheckpoint<number>(temporaryDirectory());
    const save = (options: unknown) => rejection(checkpoint.save(1, options as never));
    for (const coveredSeq of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(await save({ coveredSeq })).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    }
    expect(await save({ coverdSeq: 1 })).toMatchObject({
      message: expect.stringContaining('"coveredSeq"'),
    });
    expect(await save({ onProgress: 1 })).toBeInstanceOf(TypeError);
    expect(await save({ journal: { id: 'xyz', epoch: '' } })).toBeInstanceOf(TypeError);
    expect(await checkpoint.save(1)).toEqual({ generation: 1 });
  });

  it('of a path that is a file are an error of the system', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await openCheckpoint(directory);
    await checkpoint.save(1);
    expect(await rejection(Checkpoint.open(join(directory, fileName(1))))).toMatchObject({
      code: 'ERR_TIDEMARK_IO',
      cause: { code: 'ENOTDIR' },
    });
  });

  it('an entry of a name of ours that is no file is an error, not an older value', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await openCheckpoint(directory);
    await checkpoint.save('old');
    mkdirSync(join(directory, fileName(9)));
    expect(await rejection(checkpoint.load())).toMatchObject({ code: 'ERR_TIDEMARK_IO' });
  });
});
