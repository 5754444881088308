// json, binary and a user's codec; content hashes; schemas.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint, type Codec, DurableState, msgpack, type StandardSchemaV1 } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  openJournal,
  rejection,
  rejections,
  temporaryDirectory,
  valuesOf,
} from '../support/journals';

describe('json', () => {
  it('is as JSON.stringify and JSON.parse say', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory(), { codec: 'json' });
    const values = [
      { a: [1, 'x', null, true], date: new Date(0), map: new Map([[1, 2]]), gone: undefined },
      Number.NaN,
      'é漢😀\ud800',
      'l'.repeat(200_000),
      [undefined, () => {}],
    ];
    await journal.appendBatch(values);
    expect(await valuesOf(journal.read())).toEqual(
      values.map((v) => JSON.parse(JSON.stringify(v))),
    );
  });

  it('refuses what JSON has no text for', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory(), { codec: 'json' });
    for (const value of [undefined, () => {}, Symbol('s'), 1n, { big: 1n }]) {
      const error = await rejection(journal.append(value));
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', outcome: 'not-written' });
    }
    expect(journal.lastSeq).toBe(0);
  });
});

describe('binary', () => {
  it('takes Uint8Array and gives a Buffer of its own', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    await journal.appendBatch([new Uint8Array([1, 2]), Buffer.from('text'), new Uint8Array(0)]);
    const values = await valuesOf(journal.read());
    expect(values).toEqual([Buffer.from([1, 2]), Buffer.from('text'), Buffer.alloc(0)]);
    expect(values.every((value) => Buffer.isBuffer(value))).toBe(true);
    expect(values[1]?.buffer.byteLength).toBe(4);
  });

  it('refuses anything else', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    for (const value of ['text', [1], new Uint16Array(2), new ArrayBuffer(2), null, undefined]) {
      const error = await rejection(journal.append(value as unknown as Uint8Array));
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
});

const lines: Codec<string[]> = {
  name: 'lines',
  encode: (value) => new TextEncoder().encode(value.join('\n')),
  decode: (bytes) => new TextDecoder().decode(bytes).split('\n'),
};

describe("a user's codec", () => {
  it('may reuse its buffer, and gets bytes of its own to decode', async () => {
    const buffer = Buffer.alloc(8);
    const kept: Uint8Array[] = [];
    const codec: Codec<number> = {
      name: 'reusing',
      encode: (value) => buffer.subarray(0, buffer.writeDoubleLE(value)),
      decode: (bytes) => {
        kept.push(bytes);
        return Buffer.from(bytes).readDoubleLE();
      },
    };
    const journal = await openJournal<number>(temporaryDirectory(), { codec });
    await Promise.all([1.5, 2.5, 3.5].map((value) => journal.append(value)));
    expect(await valuesOf(journal.read())).toEqual([1.5, 2.5, 3.5]);
    kept[0]?.fill(0);
    expect(kept[1]).toEqual(Buffer.from(Float64Array.of(2.5).buffer));
  });

  it('that throws or gives no bytes is refused', async () => {
    let result: unknown = 'not bytes';
    const codec = { ...lines, name: 'wrong', encode: () => result as Uint8Array };
    const journal = await openJournal<string[]>(temporaryDirectory(), { codec });
    expect(await rejection(journal.append(['a']))).toBeInstanceOf(TypeError);
    result = Buffer.from('ok');
    expect(await journal.append(['a'])).toBe(1);
  });

  it('that cannot decode is ENCODE with the seq, and the record is not called damaged', async () => {
    const broken: Codec<string> = {
      name: 'broken',
      encode: (value) => Buffer.from(value),
      decode: (bytes) => {
        if (bytes[0] === 0x21) throw new Error('no exclamations');
        return String(Buffer.from(bytes));
      },
    };
    const journal = await openJournal<string>(temporaryDirectory(), { codec: broken });
    await journal.appendBatch(['fine', '! not']);
    const error = await rejection(valuesOf(journal.read()));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', seq: 2 });
    expect(error.cause).toMatchObject({ message: 'no exclamations' });
    expect(await journal.get(1)).toEqual({ seq: 1, value: 'fine' });
  });
});

describe('contentHash', () => {
  it('stores a digest per record and verifies it', async () => {
    const digests: string[] = [];
    const contentHash = {
      name: 'md5',
      bytes: 16,
      digest: (data: Uint8Array) => {
        const digest = createHash('md5').update(data).digest();
        digests.push(digest.toString('hex'));
        return digest;
      },
    };
    const journal = await openJournal<string>(temporaryDirectory(), { codec: 'json', contentHash });
    await journal.appendBatch(['a', 'b']);
    await journal.append('c');
    expect(await valuesOf(journal.read())).toEqual(['a', 'b', 'c']);
    expect(digests.slice(3)).toEqual(digests.slice(0, 3));
    expect(await journal.get(2)).toEqual({ seq: 2, value: 'b' });
  });

  it('that does not match is CORRUPT with the seq', async () => {
    let flip = 0;
    const contentHash = {
      name: 'unsteady',
      bytes: 4,
      digest: (data: Uint8Array) => Buffer.from([data.length, 0, 0, flip]),
    };
    const journal = await openJournal<string>(temporaryDirectory(), { contentHash });
    await journal.append('a');
    flip = 1;
    expect(await rejection(journal.get(1))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT', seq: 1 });
  });

  it('of a wrong size is refused before anything is written', async () => {
    const contentHash = { name: 'short', bytes: 4, digest: () => Buffer.alloc(3) };
    const journal = await openJournal<string>(temporaryDirectory(), { contentHash });
    expect(await rejection(journal.append('a'))).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE' });
    expect(journal.lastSeq).toBe(0);
  });

  it('sha256 is over the encoded bytes and stands in the file', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<Uint8Array>(directory, {
      codec: 'binary',
      contentHash: 'sha256',
    });
    await journal.append(Buffer.from('hello'));
    const file = readFileSync(join(directory, 'segment-0000000000000001.tide'));
    expect(file.includes(createHash('sha256').update('hello').digest())).toBe(true);
    await journal.close();
    writeFileSync(join(directory, 'note'), '');
    expect(await valuesOf((await openJournal<Uint8Array>(directory)).read())).toHaveLength(1);
  });
});

describe('a promise in place of the value', () => {
  const refused = {
    code: 'ERR_TIDEMARK_ENCODE',
    message: expect.stringContaining('await it'),
    outcome: 'not-written',
  };
  const unawaited: [string, () => unknown][] = [
    ['a promise', () => Promise.resolve({ a: 1 })],
    ['a thenable', () => Object.fromEntries([['then', () => {}]])],
  ];
  const codecs = ['msgpack', 'json', 'binary', msgpack({ structures: true })] as const;

  it.each(unawaited)('is refused by a journal with any codec: %s', async (_, make) => {
    for (const codec of codecs) {
      const journal = await openJournal<unknown>(temporaryDirectory(), { codec: codec as 'json' });
      const first = codec === 'binary' ? Buffer.of(1) : 1;
      expect(await rejection(journal.append(make()))).toMatchObject(refused);
      expect(await rejection(journal.appendBatch([first, make()]))).toMatchObject(refused);
      for (const append of ['write', 'appendSync'] as const) {
        expect(() => journal[append](make())).toThrow(expect.objectContaining(refused));
      }
      expect(await journal.append(first)).toBe(1);
    }
  });

  it.each(unawaited)('is refused by a schema that would take it: %s', async (_, make) => {
    const schema = z.object({ a: z.number().optional() });
    const journal = await openJournal<{ a?: number | undefined }>(temporaryDirectory(), { schema });
    expect(await rejection(journal.append(make() as never))).toMatchObject(refused);
    const state = await DurableState.open<number, { a?: number | undefined }>(
      temporaryDirectory(),
      {
        initial: () => 0,
        apply: (count) => count + 1,
        schema,
      },
    );
    expect(await rejection(state.commit(make() as never))).toMatchObject(refused);
    await state.close();
  });

  it.each(unawaited)('is refused by a state and a checkpoint: %s', async (_, make) => {
    const state = await DurableState.open<number, unknown>(temporaryDirectory(), {
      initial: () => 0,
      apply: (count) => count + 1,
    });
    const transacted = state.transact(() => [1]);
    for (const error of await rejections([
      state.commit(make()),
      state.commitBatch([1, make()]),
      state.transact(() => [1, make()]),
    ])) {
      expect(error).toMatchObject(refused);
    }
    await transacted;
    expect(await rejection(state.commit(make()))).toMatchObject(refused);
    expect(state.value).toBe(1);
    await state.close();
    const checkpoint = await Checkpoint.open<unknown>(temporaryDirectory());
    expect(await rejection(checkpoint.save(make()))).toMatchObject(refused);
    expect(await checkpoint.load()).toBeUndefined();
    await checkpoint.close();
  });
});

describe('schema', () => {
  const schema = z.object({ id: z.number(), name: z.string().default('unnamed') });

  it('refuses what does not fit, with the issues, before anything is written', async () => {
    const journal = await openJournal<z.output<typeof schema>>(temporaryDirectory(), {
      schema: schema as unknown as StandardSchemaV1<z.output<typeof schema>>,
    });
    const error = await rejection(journal.append({ id: 'x' } as never));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_SCHEMA', outcome: 'not-written' });
    expect(error.issues).toEqual([{ message: expect.any(String), path: ['id'] }]);
    expect(await rejection(journal.appendBatch([{ id: 1, name: '' }, {} as never]))).toMatchObject({
      code: 'ERR_TIDEMARK_SCHEMA',
    });
    expect(() => journal.write({} as never)).toThrow(/schema/);
    expect(journal.lastSeq).toBe(0);
  });

  it('stores the value that the schema gives', async () => {
    const journal = await openJournal<z.output<typeof schema>>(temporaryDirectory(), {
      schema: schema as unknown as StandardSchemaV1<z.output<typeof schema>>,
    });
    await journal.append({ id: 1, extra: true } as never);
    expect(await valuesOf(journal.read())).toEqual([{ id: 1, name: 'unnamed' }]);
  });

  it.each([undefined, null, 1, 's', {}, { issues: null }, { issues: [null] }])(
    'that answers with %j, which is no result, is SCHEMA',
    async (result) => {
      const standard = { version: 1, vendor: 'test', validate: () => result };
      const schema = { '~standard': standard } as unknown as StandardSchemaV1<unknown>;
      const journal = await openJournal<unknown>(temporaryDirectory(), { schema });
      expect(await rejection(journal.append(1))).toMatchObject({
        code: 'ERR_TIDEMARK_SCHEMA',
        outcome: 'not-written',
      });
    },
  );

  it('that answers with a promise, or throws, is SCHEMA', async () => {
    const standard = (validate: () => unknown) =>
      ({ '~standard': { version: 1, vendor: 'test', validate } }) as StandardSchemaV1<unknown>;
    for (const validate of [
      async () => ({ value: 1 }),
      () => Promise.reject(new Error('later')),
      () => {
        throw new Error('thrown');
      },
    ]) {
      const journal = await openJournal<unknown>(temporaryDirectory(), {
        schema: standard(validate),
      });
      expect(await rejection(journal.append(1))).toMatchObject({ code: 'ERR_TIDEMARK_SCHEMA' });
    }
  });
});
