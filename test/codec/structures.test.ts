// Shared structures: records name the dictionary that they need, and every segment has it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { msgpack, verify } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { openJournal, range, rejection, temporaryDirectory, valuesOf } from '../support/journals';

const event = (id: number) => ({
  id,
  kind: 'file-hashed',
  targetPath: `/a/b/${id}`,
  sizeInBytes: id * 100,
});
type Event = ReturnType<typeof event>;
const structures = () => msgpack<unknown>({ structures: true });

describe('msgpack with structures', () => {
  it('makes records of one shape smaller', async () => {
    const plain = await openJournal<unknown>(temporaryDirectory());
    const shared = await openJournal<unknown>(temporaryDirectory(), { codec: structures() });
    const events = range(1, 1000).map(event);
    for (const journal of [plain, shared]) await journal.appendBatch(events);
    expect(shared.stats().payloadBytes).toBeLessThan(plain.stats().payloadBytes * 0.8);
    expect(await valuesOf(shared.read())).toEqual(events);
  });

  it('every segment can be read alone: after a truncation the dictionary is still there', async () => {
    const directory = temporaryDirectory();
    const options = { codec: structures(), segmentBytes: 65_536 };
    const journal = await openJournal<unknown>(directory, options);
    for (const n of range(0, 19)) {
      await journal.appendBatch(range(n * 500 + 1, n * 500 + 500).map(event));
    }
    expect(journal.segments().length).toBeGreaterThan(3);
    await journal.truncateBefore(9000);
    await journal.close();
    const again = await openJournal<Event>(directory);
    expect(await valuesOf(again.read())).toEqual(range(9000, 10_000).map(event));
    expect(await again.get(9500)).toEqual({ seq: 9500, value: event(9500) });
    expect((await again.getMany([9999, 9001])).map((record) => record?.value.id)).toEqual([
      9999, 9001,
    ]);
    expect((await verify(directory)).ok).toBe(true);
  });

  it('shapes that come later, and more than fit, are read as they were written', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<unknown>(directory, { codec: structures() });
    const shaped = range(1, 100).map((n) => ({
      [`field${n}`]: n,
      [`other${n}`]: { [`x${n}`]: n },
    }));
    for (const value of shaped) await journal.append(value);
    await journal.appendBatch(shaped);
    expect(await valuesOf(journal.read())).toEqual([...shaped, ...shaped]);
    expect(await valuesOf(journal.read({ reverse: true }))).toEqual(
      [...shaped, ...shaped].reverse(),
    );
  });

  it('two encoders with different shapes share a journal', async () => {
    const directory = temporaryDirectory();
    const one = await openJournal<unknown>(directory, { codec: structures() });
    const two = await openJournal<unknown>(directory, { codec: structures() });
    const three = await openJournal<unknown>(directory);
    await Promise.all([
      one.append({ id: 1, total: 2 }),
      two.append({ user: 'u', ip: '::1' }),
      three.append({ plain: true }),
      one.append({ id: 3, total: 4 }),
      two.append({ user: 'v', ip: '::2' }),
    ]);
    for (const reader of [one, two, three]) {
      expect(new Set(await valuesOf(reader.read()))).toEqual(
        new Set([
          { id: 1, total: 2 },
          { user: 'u', ip: '::1' },
          { plain: true },
          { id: 3, total: 4 },
          { user: 'v', ip: '::2' },
        ]),
      );
    }
  });

  it('followers and read-only opens decode them', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<unknown>(directory, { codec: structures() });
    const reader = await openJournal<unknown>(directory, { readOnly: true });
    const next = reader.follow().next();
    await journal.append(event(1));
    expect((await next).value).toEqual({ seq: 1, value: event(1) });
    const out = join(temporaryDirectory(), 'copy');
    await journal.snapshot(out);
    expect(await valuesOf((await openJournal<unknown>(out)).read())).toEqual([event(1)]);
  });

  it('a value that fails to be encoded does not spoil those behind it', async () => {
    const journal = await openJournal<unknown>(temporaryDirectory(), { codec: structures() });
    await rejection(journal.append({ shape: 1, broken: () => {} }));
    await journal.append({ shape: 1, broken: 2 });
    await journal.append({ another: 3 });
    expect(await valuesOf(journal.read())).toEqual([{ shape: 1, broken: 2 }, { another: 3 }]);
  });

  it('together with contentHash is CONFIG, also when the journal recorded the hash', async () => {
    const directory = temporaryDirectory();
    const config = { code: 'ERR_TIDEMARK_CONFIG' };
    const both = { codec: structures(), contentHash: 'sha256' as const };
    expect(await rejection(openJournal(directory, both))).toMatchObject(config);
    await (await openJournal(directory, { contentHash: 'sha256' })).close();
    expect(await rejection(openJournal(directory, { codec: structures() }))).toMatchObject(config);
    const hash = { name: 'mine', bytes: 20, digest: sha1 };
    const custom = { codec: structures(), contentHash: hash };
    expect(await rejection(openJournal(temporaryDirectory(), custom))).toMatchObject(config);
  });
});

function sha1(data: Uint8Array): Uint8Array {
  return createHash('sha1').update(data).digest();
}
