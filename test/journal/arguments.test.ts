// Every wrong argument is refused by name, with the error that says which kind of mistake it is, and
// before anything is written.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  crc32c,
  DirectoryLock,
  Journal,
  msgpack,
  salvage,
  syncDirectory,
  verify,
  writeFileAtomic,
} from 'tidemark';
import { describe, expect, it } from 'vitest';
import { openJournal, rejection, temporaryDirectory } from '../support/journals';

const open = (options: unknown, dir?: string) =>
  rejection(Journal.open(dir ?? join(temporaryDirectory(), 'j'), options as object));

const typeErrors: [string, unknown, RegExp][] = [
  ['options', 'json', /Journal.open.*object/],
  ['options', null, /Journal.open.*object/],
  ['options', [], /Journal.open.*object/],
  ['segmentBytes', { segmentBytes: '1' }, /segmentBytes/],
  ['maxRecordBytes', { maxRecordBytes: null }, /maxRecordBytes/],
  ['readOnly', { readOnly: 1 }, /readOnly/],
  ['allowNetwork', { allowNetwork: 'no' }, /allowNetwork/],
  ['mode', { mode: '600' }, /mode/],
  ['codec', { codec: 7 }, /codec/],
  ['codec.encode', { codec: { name: 'x', decode: () => 1 } }, /codec\.encode/],
  ['contentHash', { contentHash: 1 }, /contentHash/],
  ['contentHash.digest', { contentHash: { name: 'x', bytes: 4 } }, /contentHash\.digest/],
  ['application', { application: 1 }, /application/],
  ['schema', { schema: {} }, /Standard Schema/],
  ['durability', { durability: 5 }, /durability/],
  ['durability.intervalMs', { durability: {} }, /durability\.intervalMs/],
  ['commit', { commit: 1 }, /commit/],
  ['retain.maxBytes', { retain: { maxBytes: '1' } }, /retain\.maxBytes/],
  ['directIO', { directIO: 1 }, /directIO/],
  ['onSkip', { onSkip: 1 }, /onSkip/],
  ['expectSeq', { expectSeq: '1' }, /expectSeq/],
];

const valueErrors: [string, unknown, RegExp][] = [
  ['a misspelled option names the nearest', { segmentbytes: 1 }, /nearest is "segmentBytes"/],
  ['a misspelled option names the nearest', { readonly: true }, /nearest is "readOnly"/],
  ['a misspelled option names the nearest', { durable: 1 }, /nearest is "durability"/],
  ['a misspelled commit limit', { commit: { maxByte: 1 } }, /nearest is "maxBytes"/],
  ['an unknown codec', { codec: 'msgpak' }, /nearest is 'msgpack'/],
  ['an unknown durability', { durability: 'comit' }, /intervalMs.*nearest is 'commit'/],
  ['an unknown content hash', { contentHash: 'sha265' }, /nearest is 'sha256'/],
  ['an unknown padding', { padding: 'blocks' }, /nearest is 'block'/],
  ['an unknown directIO', { directIO: 'yes' }, /'auto'/],
  ["onCorruption: 'skip' without readOnly", { onCorruption: 'skip' }, /readOnly/],
  ['a lone surrogate', { application: '\ud800' }, /lone surrogate/],
  ['an inherited misspelled option', Object.create({ readonly: true }), /nearest is "readOnly"/],
  ['NUL in the application', { application: 'a\0b' }, /NUL/],
];

const rangeErrors: [string, unknown][] = [
  ['segmentBytes', { segmentBytes: 65_535 }],
  ['segmentBytes', { segmentBytes: 4 * 2 ** 30 + 1 }],
  ['segmentBytes', { segmentBytes: 65_536.5 }],
  ['maxRecordBytes', { maxRecordBytes: 0 }],
  ['maxRecordBytes', { maxRecordBytes: Number.NaN }],
  ['maxPendingBytes', { maxPendingBytes: -1 }],
  ['startSeq', { startSeq: 0 }],
  ['startSeq', { startSeq: 2 ** 53 }],
  ['expectSeq', { expectSeq: -1 }],
  ['mode', { mode: 0o1000 }],
  ['idleMarkMs', { idleMarkMs: Number.POSITIVE_INFINITY }],
  ['durability.intervalMs', { durability: { intervalMs: 0 } }],
  ['durability.intervalMs', { durability: { intervalMs: Number.NaN } }],
  ['commit.lingerMs', { commit: { lingerMs: -1 } }],
  ['commit.maxRecords', { commit: { maxRecords: 0 } }],
  ['retain.maxAgeMs', { retain: { maxAgeMs: 0 } }],
  ['application', { application: 'a'.repeat(65) }],
  ['contentHash.bytes', { contentHash: { name: 'x', bytes: 0, digest: () => 1 } }],
];

describe('options of open', () => {
  it.each(typeErrors)('%s of a wrong type is a TypeError (%j)', async (_name, options, message) => {
    const error = await open(options);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(error.message).toMatch(message);
  });

  it.each(valueErrors)('%s is a TypeError (%j)', async (_name, options, message) => {
    const error = await open(options);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(error.message).toMatch(message);
  });

  it.each(rangeErrors)('%s out of range is a RangeError (%j)', async (name, options) => {
    const error = await open(options);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(error.message).toContain(name);
  });

  it('wrong ones create nothing', async () => {
    const directory = join(temporaryDirectory(), 'j');
    await open({ segmentBytes: 1 }, directory);
    await open({ unknown: 1 }, directory);
    expect(existsSync(directory)).toBe(false);
  });

  it('inherited ones count', async () => {
    const directory = temporaryDirectory();
    await (await Journal.open(directory)).close();
    const journal = await openJournal<number>(directory, Object.create({ readOnly: true }));
    expect(await rejection(journal.append(1))).toMatchObject({ code: 'ERR_TIDEMARK_READ_ONLY' });
  });

  it('undefined is as left out', async () => {
    await openJournal(temporaryDirectory(), {
      codec: undefined,
      segmentBytes: undefined,
    } as object);
  });
});

describe('options of the tools', () => {
  it('null is no default', async () => {
    const directory = temporaryDirectory();
    const mode = writeFileAtomic(join(directory, 'f'), 'x', { mode: null } as object);
    expect(await rejection(mode)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    const timeout = DirectoryLock.acquire(directory, { timeoutMs: null } as object);
    expect(await rejection(timeout)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

describe('paths', () => {
  const functions: [string, (path: string) => Promise<unknown>][] = [
    ['Journal.open', (path) => Journal.open(path)],
    ['verify', (path) => verify(path)],
    ['salvage', (path) => salvage(path, 'out')],
    ['salvage, outDir', (path) => salvage('in', path)],
    ['writeFileAtomic', (path) => writeFileAtomic(path, 'x')],
    ['syncDirectory', (path) => syncDirectory(path)],
    ['DirectoryLock.acquire', (path) => DirectoryLock.acquire(path)],
  ];

  it.each(functions)(
    '%s refuses an empty path, NUL, a lone surrogate, and what is no string',
    async (_name, call) => {
      for (const path of ['', 'a\0b', 'a\ud800b']) {
        const error = await rejection(call(path));
        expect(error).toBeInstanceOf(TypeError);
        expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
      }
      for (const path of [undefined, null, 7, {}, Buffer.from('x')]) {
        const error = await rejection(call(path as unknown as string));
        expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
      }
    },
  );
});

describe('arguments of methods', () => {
  it('async ones reject, write and appendSync throw, and nothing is written', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory());
    const any = journal as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const wrong: [string, unknown[], object][] = [
      ['append', [1, { durability: 'never' }], { code: 'ERR_INVALID_ARG_VALUE' }],
      ['append', [1, { durabilty: 'os' }], { code: 'ERR_INVALID_ARG_VALUE' }],
      ['append', [1, 'os'], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['appendBatch', ['ab'], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['appendBatch', [new Set([1])], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['appendBatch', [[1], { ifLastSeq: -1 }], { code: 'ERR_OUT_OF_RANGE' }],
      ['appendBatch', [[1], { ifLastSeq: '0' }], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['waitFor', [Number.NaN], { code: 'ERR_OUT_OF_RANGE' }],
      ['waitFor', [1, { signal: {} }], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['getMany', [1], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['truncateBefore', [0], { code: 'ERR_OUT_OF_RANGE' }],
      ['truncateBefore', ['1'], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['cursor', [''], { code: 'ERR_INVALID_ARG_VALUE' }],
      ['cursor', ['a\0b'], { code: 'ERR_INVALID_ARG_VALUE' }],
      ['cursor', ['a\udc00'], { code: 'ERR_INVALID_ARG_VALUE' }],
      ['getMany', [new Array(2)], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['cursor', [1], { code: 'ERR_INVALID_ARG_TYPE' }],
      ['snapshot', [''], { code: 'ERR_INVALID_ARG_VALUE' }],
    ];
    for (const [method, args, expected] of wrong) {
      const promise = any[method]?.apply(journal, args);
      expect(await rejection(promise as Promise<unknown>), method).toMatchObject(expected);
    }
    expect(() => journal.read({ from: 0 })).toThrow(RangeError);
    expect(() => journal.read({ revers: true } as object)).toThrow(/nearest is "reverse"/);
    expect(() => journal.follow({ from: 'begin' as 'start' })).toThrow(TypeError);
    expect(() => journal.follow({ from: -1 })).toThrow(RangeError);
    expect(() => journal.follow({ from: null } as object)).toThrow(TypeError);
    expect(() => journal.write(() => {})).toThrow(/could not be encoded/);
    expect(() => journal.appendSync(Symbol('s'))).toThrow(/could not be encoded/);
    expect(journal.lastSeq).toBe(0);
  });

  it('crc32c and msgpack', () => {
    expect(() => crc32c('abc' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => crc32c(Buffer.from('a'), -1)).toThrow(RangeError);
    expect(() => crc32c(Buffer.from('a'), 2 ** 32)).toThrow(RangeError);
    expect(() => msgpack({ structure: true } as object)).toThrow(/nearest is "structures"/);
  });
});
