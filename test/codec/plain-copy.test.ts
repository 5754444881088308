// A plain copy is what the codec would give back, or there is none.
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
