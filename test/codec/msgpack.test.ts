// What the msgpack codec gives back, as documented at msgpack().
import { msgpack } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { openJournal, rejection, temporaryDirectory, valuesOf } from '../support/journals';

const same: [string, unknown][] = [
  ['numbers', [0, 1, -1, 127, 128, 2 ** 32, -(2 ** 31) - 1, 2 ** 53 - 1, 0.1, 1e300]],
  ['NaN and infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['bigints of any size', [0n, 1n, -1n, 2n ** 63n, 2n ** 64n, -(2n ** 200n)]],
  ['strings', ['', 'a', 'é', '漢字', '😀', 'x'.repeat(100_000), '\0']],
  ['null, booleans and undefined', [null, true, false, undefined]],
  ['undefined in objects and arrays', { a: undefined, b: [undefined, 1] }],
  ['dates', [new Date(0), new Date(1_700_000_000_123), new Date(-1500), new Date(8.64e15)]],
  ['an invalid date', new Date(Number.NaN)],
  ['buffers and typed arrays', [Buffer.from('ab'), new Float64Array([1.5]), new Uint16Array([7])]],
  ['sets and regular expressions', [new Set([1, 'a']), /a+/gi]],
  ['nested objects', { a: { b: { c: [{ d: 1 }, {}] } }, '': 1, 'with space': 2 }],
  ['objects with more than 65,535 keys', Object.fromEntries([...Array(70_000).keys()].entries())],
];

const changed: [string, unknown, unknown][] = [
  ['a Map becomes an object with string keys', new Map<unknown, unknown>([[1, 2]]), { 1: 2 }],
  [
    'a Map with a key that no object can have stays one, and what is in it',
    {
      a: new Map<unknown, unknown>([[{ k: 1 }, { v: [new Map([[1, 2]])] }]]),
      b: [new Set([{ c: 1 }])],
    },
    { a: new Map<unknown, unknown>([[{ k: 1 }, { v: [{ 1: 2 }] }]]), b: [new Set([{ c: 1 }])] },
  ],
  [
    'an instance becomes a plain object',
    new (class Point {
      x = 1;
    })(),
    { x: 1 },
  ],
  ['toJSON is asked', { at: { constructor: class {}, toJSON: () => 'text' } }, { at: 'text' }],
  ['a hole becomes undefined', new Array(2), [undefined, undefined]],
  ['-0 becomes 0', -0, 0],
  ['__proto__ becomes __proto_', JSON.parse('{"__proto__":1}'), { __proto_: 1 }],
];

describe.each([
  ['msgpack', 'msgpack' as const],
  ['msgpack with structures', msgpack({ structures: true })],
])('%s', (name, codec) => {
  it.each(same)('keeps %s', async (_what, value) => {
    const journal = await openJournal<unknown>(temporaryDirectory(), { codec });
    await journal.append(value);
    expect(await valuesOf(journal.read())).toEqual([value]);
  });

  it.each(changed)('%s', async (what, value, expected) => {
    const journal = await openJournal<unknown>(temporaryDirectory(), { codec });
    await journal.append(value);
    const isMap = what.startsWith('a Map') && name !== 'msgpack';
    expect(await valuesOf(journal.read())).toEqual([isMap ? value : expected]);
  });

  it('a lone surrogate becomes U+FFFD', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory(), { codec });
    await journal.appendBatch(['a\ud800b', `${'x'.repeat(100)}\udc00`]);
    const [short, long] = await valuesOf(journal.read());
    expect(short).toMatch(/^a\ufffd+b$/);
    expect(long).toMatch(/^x{100}\ufffd+$/);
  });

  it('refuses functions, symbols and circles', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory(), { codec });
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [() => {}, Symbol('s'), { f() {} }, [Symbol.iterator], circle]) {
      const error = await rejection(journal.append(value));
      expect(error).toMatchObject({ code: 'ERR_TIDEMARK_ENCODE', outcome: 'not-written' });
    }
    expect(await journal.append('ok')).toBe(1);
    expect(await valuesOf(journal.read())).toEqual(['ok']);
  });

  it('binary values belong to the caller', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory(), { codec });
    await journal.appendBatch([Buffer.from('aaa'), Buffer.from('bbb')]);
    const [first, second] = (await valuesOf(journal.read())) as [Buffer, Buffer];
    first.fill(0);
    expect(String(second)).toBe('bbb');
    expect(first.buffer).not.toBe(second.buffer);
    expect(await valuesOf(journal.read())).toEqual([Buffer.from('aaa'), Buffer.from('bbb')]);
  });
});

describe('msgpack()', () => {
  it('is a codec of its own, too', () => {
    const codec = msgpack<{ a: number }>();
    const bytes = codec.encode({ a: 1 });
    codec.encode({ a: 2 });
    expect(codec.decode(bytes)).toEqual({ a: 1 });
    expect(codec).toMatchObject({ name: 'msgpack', version: 1 });
  });
});
