// A plain copy is what the codec would give back, or there is none.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWireCodec } from '#lib/codec/json';
import { MsgpackWireCodec } from '#lib/codec/msgpack';
import { noPlainCopy, plainCopy } from '#lib/codec/plain-copy';
import { decodeRich, encodeRich } from '#lib/codec/rich-msgpack';

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
} as fc.ObjectConstraints);

const codecs = { msgpack: new MsgpackWireCodec(), json: new JsonWireCodec() };

describe.each(['msgpack', 'json'] as const)('%s', (name) => {
  const again = (value: unknown): unknown => {
    const { bytes, start, end } = codecs[name].encode(value);
    return codecs[name].decode(Buffer.from(bytes), start, end);
  };

  it('gives the same as encoding and decoding', () => {
    let copied = 0;
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), anything), (value) => {
        const copy = plainCopy(value, name);
        if (copy === noPlainCopy) return;
        copied += 1;
        expect(copy).toStrictEqual(again(value));
        if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
      }),
      { numRuns: 300 },
    );
    expect(copied).toBeGreaterThan(30);
  });

  it('has none of what the codec changes', () => {
    class Point {
      x = 1;
    }
    for (const value of [
      -0,
      undefined,
      10n,
      new Date(),
      new Map(),
      new Point(),
      { toJSON: () => 5 },
      { at: undefined },
      JSON.parse('{"__proto__":1}'),
      Object.create(null),
    ]) {
      expect(plainCopy(value, name)).toBe(noPlainCopy);
    }
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(plainCopy(circle, name)).toBe(noPlainCopy);
  });
});

describe('objects with keys that were copied often', () => {
  const keys = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 6 });
  const member = fc.oneof(fc.jsonValue(), anything);
  const codec = new MsgpackWireCodec();
  const again = (value: unknown): unknown => {
    const { bytes, start, end } = codec.encode(value);
    return codec.decode(Buffer.from(bytes), start, end);
  };

  it('are copied the same', () => {
    let copied = 0;
    fc.assert(
      fc.property(keys, fc.array(member, { minLength: 6, maxLength: 6 }), (names, members) => {
        const plain = () => Object.fromEntries(names.map((name, i) => [name, i]));
        for (let i = 0; i < 40; i++) plainCopy(plain(), 'msgpack');
        const value = Object.fromEntries(names.map((name, i) => [name, members[i]]));
        const copy = plainCopy(value, 'msgpack');
        if (copy === noPlainCopy) return;
        copied += 1;
        expect(copy).toStrictEqual(again(value));
        expect(Object.keys(copy as object)).toEqual(Object.keys(value));
      }),
      { numRuns: 300 },
    );
    expect(copied).toBeGreaterThan(30);
  });

  it('leave symbols behind, are read once, and are none with a member that has none', () => {
    const plain = () => ({ a: 1, b: 'two' }) as Record<string | symbol, unknown>;
    for (let i = 0; i < 100; i++) expect(plainCopy(plain(), 'msgpack')).toStrictEqual(plain());
    expect(plainCopy({ ...plain(), [Symbol('s')]: 1 }, 'msgpack')).toStrictEqual(plain());
    let read = 0;
    const counting = Object.defineProperty(plain(), 'a', {
      get: () => ++read,
      enumerable: true,
    });
    expect(plainCopy(counting, 'msgpack')).toStrictEqual(plain());
    expect(read).toBe(1);
    for (const bad of [-0, undefined, '\ud800', () => {}, new Date()]) {
      expect(plainCopy({ a: 1, b: bad }, 'msgpack')).toBe(noPlainCopy);
    }
  });

  it('are copied the same with thousands of keys, and with a hundred in one object', () => {
    for (let i = 0; i < 5000; i++) {
      for (let n = 0; n < 2; n++) {
        expect(plainCopy({ [`key ${i}`]: i }, 'json')).toStrictEqual({ [`key ${i}`]: i });
      }
    }
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`w${i}`, i]));
    for (let i = 0; i < 100; i++) expect(plainCopy(wide, 'json')).toStrictEqual(wide);
  });

  it('are copied where no code may be made of texts', () => {
    const program = `
      const { plainCopy } = require('./dist/codec/plain-copy.js');
      for (let i = 0; i < 100; i++) {
        const copy = plainCopy({ a: i, b: { c: 'x' } }, 'json');
        if (JSON.stringify(copy) !== JSON.stringify({ a: i, b: { c: 'x' } })) throw new Error(copy);
      }
      console.log('all the same');`;
    const flags = ['--disallow-code-generation-from-strings', '-e', program];
    expect(execFileSync(process.execPath, flags, { encoding: 'utf8' })).toBe('all the same\n');
  });
});

describe('the codec of checkpoints', () => {
  it('keeps a Map a Map, wherever it stands', () => {
    const value = {
      a: new Map<unknown, unknown>([
        ['x', { b: new Map([[{ k: 1 }, new Set([1, new Map()])]]) }],
        [1, undefined],
      ]),
      list: [new Map(), {}],
      date: new Date(5),
      big: 2n ** 100n,
    };
    expect(decodeRich(encodeRich(value))).toStrictEqual(value);
    expect(value.a.size).toBe(2);
  });
});
