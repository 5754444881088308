// snapshot and stats.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournal, range, rejection, temporaryDirectory, valuesOf } from '../support/journals';

describe('snapshot', () => {
  it('is a journal of everything appended before the call, with the same id and a new epoch', async () => {
    const journal = await openJournal<number>(temporaryDirectory(), { segmentBytes: 65_536 });
    for (const n of range(0, 9)) await journal.appendBatch(range(n * 2000 + 1, n * 2000 + 2000));
    const cursor = await journal.cursor('c');
    await cursor.advance(0, 7);
    journal.write(20_001);
    const out = join(temporaryDirectory(), 'copy');
    const report = await journal.snapshot(out);
    expect(report).toMatchObject({ records: 20_001, firstSeq: 1, lastSeq: 20_001 });
    await journal.append(20_002);
    const copy = await openJournal<number>(out);
    expect(copy.id).toBe(journal.id);
    expect(copy.epoch).not.toBe(journal.epoch);
    expect(await valuesOf(copy.read())).toEqual(range(1, 20_001));
    expect(await copy.cursors()).toMatchObject([{ name: 'c', seq: 7 }]);
    expect(await copy.append(0)).toBe(20_002);
  });

  it('can be taken while records are appended', async () => {
    const journal = await openJournal<number>(temporaryDirectory(), { segmentBytes: 65_536 });
    await journal.appendBatch(range(1, 5000));
    const out = join(temporaryDirectory(), 'copy');
    const snapshot = journal.snapshot(out);
    for (const n of range(5001, 6000)) await journal.append(n);
    const { lastSeq } = await snapshot;
    expect(lastSeq).toBeGreaterThanOrEqual(5000);
    const copy = await openJournal<number>(out);
    expect(await valuesOf(copy.read())).toEqual(range(1, lastSeq));
  });

  it('works read-only', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory);
    await journal.appendBatch([1, 2, 3]);
    await journal.close();
    const reader = await openJournal<number>(directory, { readOnly: true });
    const out = join(temporaryDirectory(), 'copy');
    expect(await reader.snapshot(out)).toMatchObject({ records: 3 });
  });

  it('into a directory that is not empty is EXISTS', async () => {
    const journal = await openJournal<number>(temporaryDirectory());
    const out = join(temporaryDirectory(), 'full');
    mkdirSync(out);
    writeFileSync(join(out, 'file'), '');
    expect(await rejection(journal.snapshot(out))).toMatchObject({ code: 'ERR_TIDEMARK_EXISTS' });
  });
});

describe('stats and segments', () => {
  it('count records, commits and bytes', async () => {
    const journal = await openJournal<Uint8Array>(temporaryDirectory(), { codec: 'binary' });
    for (const byte of range(1, 10)) await journal.append(Buffer.alloc(100, byte));
    // A commit is counted when the writer is done with it, which is after its acknowledgement.
    const used = journal.stats().bytesUsed;
    const [segment] = journal.segments();
    expect(segment).toMatchObject({ id: 1, firstSeq: 1, lastSeq: 10, sealed: false });
    expect(segment?.bytes).toBe(used);
    await journal.close();
    const stats = journal.stats();
    expect(stats).toMatchObject({
      records: 10,
      commits: 10,
      payloadBytes: 1000,
      pendingBytes: 0,
      pendingRecords: 0,
      segments: 1,
      rejected: 0,
    });
    expect(stats.commitSize).toMatchObject({ count: 10, min: 1, max: 1, p50: 1 });
    expect(stats.commitLatency.count).toBe(10);
    expect(stats.syncLatency.p99).toBeGreaterThanOrEqual(stats.syncLatency.p50);
    expect(stats.mode.why).not.toBe('');
    expect(stats.crc32cKernel).not.toBe('');
  });
});
