// User code runs while a value is encoded and validated. Whatever it does, staged records stay whole.
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import * as imported from 'msgpackr';
import { msgpack } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { openJournal, rejection, temporaryDirectory, valuesOf } from '../support/journals';

describe('code that runs while a value is encoded', () => {
  it('that appends to a journal is refused, and the records around it are whole', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const other = await openJournal<unknown>(temporaryDirectory());
    const first = journal.append({ padding: 'x'.repeat(100) });
    const seen: unknown[] = [];
    const value = {
      before: 'b'.repeat(50),
      get inner() {
        const attempts = [journal, other].map((target) => rejection(target.append('nested')));
        seen.push(...attempts);
        expect(() => journal.write('nested')).toThrow(/while a value is being encoded/);
        expect(() => journal.appendSync('nested')).toThrow(/while a value is being encoded/);
        seen.push(rejection(journal.appendBatch(['nested'])));
        return 'i'.repeat(50);
      },
      after: 'a'.repeat(50),
    };
    const second = journal.append(value);
    await Promise.all([first, second]);
    for (const error of await Promise.all(seen)) {
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', outcome: 'not-written' });
    }
    expect(await valuesOf(journal.read())).toEqual([
      { padding: 'x'.repeat(100) },
      { before: 'b'.repeat(50), inner: 'i'.repeat(50), after: 'a'.repeat(50) },
    ]);
    expect(other.lastSeq).toBe(0);
  });

  // Each is the second value of a batch, and appends a batch while the first is staged already.
  const nesting: [string, (nest: () => void) => unknown][] = [
    [
      'a getter',
      (nest) => ({
        get second() {
          nest();
          return 2;
        },
      }),
    ],
    [
      'toJSON',
      (nest) =>
        new (class {
          toJSON() {
            nest();
            return { second: 2 };
          }
        })(),
    ],
  ];
  it.each(
    ['msgpack', 'json'].flatMap((codec) => nesting.map(([name, make]) => ({ codec, name, make }))),
  )('that appends a batch inside a batch empties none ($name, $codec)', async ({ codec, make }) => {
    const journal = await openJournal<unknown>(temporaryDirectory(), {
      codec: codec as 'msgpack' | 'json',
    });
    let nested: Promise<unknown> | undefined;
    const outer = journal.appendBatch([
      'first',
      make(() => (nested = rejection(journal.appendBatch(['nested'])))),
      'third',
    ]);
    const later = journal.append('later');
    expect(await outer).toEqual({ firstSeq: 1, lastSeq: 3 });
    expect(await nested).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', outcome: 'not-written' });
    expect(await later).toBe(4);
    expect(await journal.sync()).toBe(4);
    expect(await valuesOf(journal.read())).toEqual(['first', { second: 2 }, 'third', 'later']);
  });

  it('that a codec or a schema runs cannot empty a batch either', async () => {
    let nest = (): void => {};
    const encode = (value: string) => {
      nest();
      return Buffer.from(value);
    };
    const custom = {
      name: 'nesting',
      encode,
      decode: (bytes: Uint8Array) => `${Buffer.from(bytes)}`,
    };
    const validate = (value: unknown) => {
      nest();
      return { value };
    };
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    for (const options of [{ codec: custom }, { schema }]) {
      const journal = await openJournal<unknown>(temporaryDirectory(), options as object);
      const errors: Promise<unknown>[] = [];
      nest = () => errors.push(rejection(journal.appendBatch(['nested'])));
      const outer = await journal.appendBatch(['first', 'second']);
      nest = () => {};
      expect(outer).toEqual({ firstSeq: 1, lastSeq: 2 });
      for (const error of await Promise.all(errors))
        expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE' });
      expect(errors).toHaveLength(2);
      expect(await journal.append('third')).toBe(3);
      expect(await valuesOf(journal.read())).toEqual(['first', 'second', 'third']);
    }
  });

  it('a Proxy is not asked what it is while others are staged', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    // An encoder may ask, where what appends is refused.
    const nested: Promise<unknown>[] = [];
    const getPrototypeOf = () => {
      nested.push(rejection(journal.appendBatch(['nested'])));
      return Object.prototype;
    };
    const outer = await journal.appendBatch(['a', new Proxy({}, { getPrototypeOf }), 'c']);
    expect(outer).toEqual({ firstSeq: 1, lastSeq: 3 });
    expect(await valuesOf(journal.read())).toEqual(['a', {}, 'c']);
    for (const error of await Promise.all(nested))
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE' });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(await rejection(journal.appendBatch(['d', proxy]))).toMatchObject({
      code: 'ERR_TIDEMARK_ENCODE',
    });
    expect(await journal.append('d')).toBe(4);
  });

  it('memory that another thread changes meanwhile is stored as it was hashed', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      contentHash: 'sha256',
    });
    const shared = new SharedArrayBuffer(4 * 1024 * 1024);
    const fill = `const { workerData } = require('node:worker_threads');
      for (let i = 0; ; i++) new Uint32Array(workerData).fill(i);`;
    const worker = new Worker(fill, { eval: true, workerData: shared });
    while (new Uint32Array(shared)[0] === 0) await new Promise(setImmediate);
    for (let i = 0; i < 8; i++) await journal.append(new Uint8Array(shared));
    await worker.terminate();
    expect(await valuesOf(journal.read())).toHaveLength(8); // each read is checked against its hash
  });

  it('that throws leaves nothing behind', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const first = journal.append('first');
    const thrown = new Error('thrown by a getter');
    const throwing = {
      long: 'l'.repeat(10_000),
      get inner() {
        throw thrown;
      },
    };
    const error = await rejection(journal.append(throwing));
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', outcome: 'not-written' });
    expect(error.cause).toBe(thrown);
    const batch = rejection(journal.appendBatch(['a', throwing]));
    expect(await journal.append('second')).toBe(2);
    expect(await batch).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE' });
    await first;
    expect(await valuesOf(journal.read())).toEqual(['first', 'second']);
  });

  it('that closes the journal makes the append fail with CLOSED', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const first = journal.append('first');
    let closing: Promise<void> | undefined;
    const value = {
      toJSON() {
        closing = journal.close();
        return 'second';
      },
    };
    class Closing {
      toJSON = value.toJSON;
    }
    expect(await rejection(journal.append(new Closing()))).toMatchObject({
      code: 'ERR_TIDEMARK_CLOSED',
    });
    await closing;
    expect(await first).toBe(1);
  });

  it('proxies, circular values and detached or shared memory do no harm', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const binary = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(await rejection(journal.append(circular))).toMatchObject({
      code: 'ERR_TIDEMARK_ENCODE',
    });
    expect(await journal.append(new Proxy({ a: 1 }, {}))).toBe(1);
    expect(await rejection(binary.append(new Proxy(Buffer.from('x'), {})))).toBeInstanceOf(
      TypeError,
    );

    const detached = new Uint8Array(8);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(await rejection(binary.append(detached))).toBeInstanceOf(TypeError);
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(5);
    expect(await binary.append(shared)).toBe(1);
    expect(await valuesOf(binary.read())).toEqual([Buffer.from([5, 5, 5, 5])]);
    expect(await valuesOf(journal.read())).toEqual([{ a: 1 }]);
  });

  it('an array that changes while its batch is encoded gives the values as they were read', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const values: unknown[] = [
      {
        toJSON: undefined,
        get a() {
          values.push('too late');
          return 1;
        },
      },
      'second',
    ];
    expect(await journal.appendBatch(values)).toEqual({ firstSeq: 1, lastSeq: 2 });
  });

  it('that encodes MessagePack itself, with this or any msgpackr, does not harm the record', async () => {
    const own = msgpack();
    const padding = 'z'.repeat(50);
    const make = (encode: (value: unknown) => unknown) => ({
      a: 'a'.repeat(20),
      get x() {
        try {
          encode({ padding });
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE' });
        }
        return 'x';
      },
      y: 'y'.repeat(20),
    });
    const required = createRequire(import.meta.url)('msgpackr') as { pack(value: unknown): Buffer };
    for (const codec of [msgpack(), msgpack({ structures: true })]) {
      const journal = await openJournal<unknown>(temporaryDirectory(), { codec });
      await journal.append(make((value) => own.encode(value)));
      await journal.append(make((value) => required.pack(value)));
      await journal.append(make((value) => imported.pack(value)));
      await journal.append('after');
      const whole = { a: 'a'.repeat(20), x: 'x', y: 'y'.repeat(20) };
      expect(await valuesOf(journal.read())).toEqual([whole, whole, whole, 'after']);
    }
  });

  it('of an array that appends while it is read keeps the batches apart', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const values = ['a', 'b', 'c'];
    let inner: Promise<unknown> | undefined;
    Object.defineProperty(values, 1, {
      get() {
        inner ??= journal.appendBatch(['inner 1', 'inner 2']);
        return 'b';
      },
    });
    expect(await journal.appendBatch(values)).toEqual({ firstSeq: 3, lastSeq: 5 });
    expect(await inner).toEqual({ firstSeq: 1, lastSeq: 2 });
    expect(await valuesOf(journal.read())).toEqual(['inner 1', 'inner 2', 'a', 'b', 'c']);
  });

  it.each([-1, Number.NaN, '2', 2.5, Number.POSITIVE_INFINITY, { valueOf: () => 2 }])(
    'an array that says its length is %s is refused, and the journal goes on',
    async (length) => {
      const journal = await openJournal<unknown>(temporaryDirectory());
      const values = new Proxy(['a', 'b'], {
        get: (target, key) => (key === 'length' ? length : Reflect.get(target, key)),
      });
      expect(await rejection(journal.appendBatch(values))).toBeInstanceOf(TypeError);
      expect(await journal.append('after')).toBe(1);
    },
  );
});

describe('bytes that are not what they say', () => {
  it('are written as they are, or refused', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    const longer = Object.defineProperty(new Uint8Array([1, 2, 3]), 'byteLength', { value: 5000 });
    class Nowhere extends Uint8Array {
      override get byteLength() {
        return Number.NaN;
      }
      override get length() {
        return 0;
      }
    }
    await journal.append(longer);
    await journal.append(new Nowhere([4, 5]));
    const Resizable = ArrayBuffer as unknown as new (
      size: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(size: number): void };
    const buffer = new Resizable(30, { maxByteLength: 100 });
    const outside = new Uint8Array(buffer, 20, 10);
    buffer.resize(10);
    expect(await rejection(journal.append(outside))).toBeInstanceOf(TypeError);
    const bytes = (await valuesOf(journal.read())).map((value) => [...value]);
    expect(bytes).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('a digest that shrinks or changes what it gets does not reach the record', async () => {
    const Resizable = ArrayBuffer as unknown as new (
      size: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(size: number): void };
    const buffer = new Resizable(1000, { maxByteLength: 1000 });
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), {
      codec: 'binary',
      contentHash: {
        name: 'evil',
        bytes: 4,
        digest(data) {
          data.fill(9);
          buffer.resize(2);
          return Buffer.alloc(4);
        },
      },
    });
    await journal.append(new Uint8Array(buffer).fill(7));
    expect(await valuesOf(journal.read())).toEqual([Buffer.alloc(1000, 7)]);
  });
});
