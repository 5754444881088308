// verify and salvage, on journals with and without damage.
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Journal, salvage, verify } from 'tidemark';
import { describe, expect, it } from 'vitest';
import {
  collect,
  openJournal,
  range,
  rejection,
  temporaryDirectory,
  valuesOf,
} from '../support/journals';

const payload = (n: number) => Buffer.alloc(1000, n % 251);

/** A closed journal of several segments. */
async function closedJournal(): Promise<string> {
  const directory = temporaryDirectory();
  const journal = await openJournal<Uint8Array>(directory, {
    codec: 'binary',
    segmentBytes: 65_536,
  });
  for (const n of range(1, 200)) await journal.append(payload(n));
  await journal.close();
  return directory;
}

const segments = (directory: string) =>
  readdirSync(directory)
    .filter((name) => name.startsWith('segment-'))
    .sort()
    .map((name) => join(directory, name));

function flip(path: string, offset: number, bit = 1): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] as number) ^ bit;
  writeFileSync(path, bytes);
}

/** All files but the lock, which says who held it last. */
function contents(directory: string): Map<string, string> {
  const names = readdirSync(directory).filter((name) => name !== 'journal.lock');
  return new Map(names.map((name) => [name, readFileSync(join(directory, name), 'latin1')]));
}

describe('verify', () => {
  it('of a sound journal is ok and counts everything', async () => {
    const directory = await closedJournal();
    const before = contents(directory);
    const report = await verify(directory);
    expect(report).toMatchObject({
      ok: true,
      tail: 'clean',
      records: 200,
      firstSeq: 1,
      lastSeq: 200,
      problems: [],
      foreign: [],
      besideWriter: false,
      recorded: { codecName: 'binary', hashName: '', startSeq: 1 },
    });
    const bytes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
    expect(report.bytesOnDisk).toBe(bytes.reduce((sum, size) => sum + size, 0));
    expect(report.bytesUsed).toBeLessThanOrEqual(report.bytesOnDisk);
    expect(report.segments).toHaveLength(segments(directory).length);
    expect(contents(directory)).toEqual(before);
  });

  it('with frames lists every commit', async () => {
    const directory = await closedJournal();
    const { segments: layouts } = await verify(directory, { frames: true });
    const commits = layouts.flatMap(({ frames }) => frames ?? []).filter(({ type }) => type === 1);
    expect(commits.map(({ firstSeq }) => firstSeq)).toEqual(range(1, 200));
  });

  it('names damage by segment, offset and seq, and reads name the same', async () => {
    const directory = await closedJournal();
    const { segments: layouts } = await verify(directory, { frames: true });
    const frame = layouts[1]?.frames?.find(({ type }) => type === 1);
    const { offset, firstSeq } = frame as { offset: number; firstSeq: number };
    flip(segments(directory)[1] as string, offset + 500);
    const report = await verify(directory);
    expect(report.ok).toBe(false);
    expect(report.problems).toMatchObject([
      { kind: 'record', segment: 2, fromSeq: firstSeq, toSeq: firstSeq },
    ]);
    const journal = await openJournal<Uint8Array>(directory);
    const error = await rejection(journal.get(firstSeq));
    expect(error).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
      segment: 2,
      offset: expect.any(Number),
      fromSeq: firstSeq,
      toSeq: firstSeq,
    });
    expect(await journal.get(firstSeq + 1)).toBeDefined();
  });

  it('finds the one flipped bit that explains a damaged header', async () => {
    const directory = await closedJournal();
    const { segments: layouts } = await verify(directory, { frames: true });
    const frame = layouts[1]?.frames?.find(({ type }) => type === 1);
    const at = (frame?.offset as number) + 13;
    flip(segments(directory)[1] as string, at);
    const { problems } = await verify(directory);
    expect(problems[0]).toMatchObject({ segment: 2, singleBitFlip: at });
  });

  it('beside a live writer stops at the watermark', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<number>(directory, { idleMarkMs: 0 });
    await journal.appendBatch(range(1, 100));
    const report = await verify(directory);
    expect(report).toMatchObject({ ok: true, besideWriter: true, problems: [] });
    expect(report.lastSeq).toBeLessThanOrEqual(100);
  });

  it('expectSeq above the end is a problem', async () => {
    const report = await verify(await closedJournal(), { expectSeq: 201 });
    expect(report.ok).toBe(false);
  });

  it('of what is not there is IO', async () => {
    const missing = join(temporaryDirectory(), 'missing');
    expect(await rejection(verify(missing))).toMatchObject({ code: 'ERR_TIDEMARK_IO' });
  });
});

describe('reading a damaged journal', () => {
  it("read-only with onCorruption: 'skip' steps over damage and says so", async () => {
    const directory = await closedJournal();
    const [, second] = segments(directory) as [string, string];
    flip(second, 9000);
    const damaged = (await verify(directory)).problems[0]?.fromSeq as number;
    const skipped: [number, number][] = [];
    const reader = await openJournal<Uint8Array>(directory, {
      readOnly: true,
      onCorruption: 'skip',
      onSkip: ({ fromSeq, toSeq }) => skipped.push([fromSeq, toSeq]),
    });
    const read = await collect(reader.read());
    expect(read.map(({ seq }) => seq)).toEqual(range(1, 200).filter((seq) => seq !== damaged));
    expect(skipped).toEqual([[damaged, damaged]]);
    const strict = await openJournal<Uint8Array>(directory, { readOnly: true });
    const seen: number[] = [];
    const error = await rejection(
      (async () => {
        for await (const { seq } of strict.read()) seen.push(seq);
      })(),
    );
    expect(error).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT', fromSeq: damaged });
    expect(seen).toEqual(range(1, damaged - 1));
  });
});

describe('a tail that was never promised', () => {
  it('is cut and reported', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal<Uint8Array>(directory, {
      codec: 'binary',
      idleMarkMs: 60_000,
    });
    for (const n of range(1, 10)) await journal.append(payload(n));
    const copy = join(temporaryDirectory(), 'copy');
    mkdirSync(copy);
    for (const path of segments(directory))
      copyFileSync(path, join(copy, path.split('/').at(-1) ?? ''));
    await journal.close();
    const [segment] = segments(copy) as [string];
    const last = readFileSync(segment).indexOf(payload(10));
    const bytes = readFileSync(segment);
    bytes.fill(0, last + 300);
    writeFileSync(segment, bytes);
    expect(await verify(copy)).toMatchObject({ ok: false, problems: [], records: 9 });
    const recovered = await openJournal<Uint8Array>(copy);
    expect(recovered.recovery).toMatchObject({ path: 'recovered', lastSeq: 9 });
    expect(recovered.recovery.tail).not.toBe('clean');
    expect(recovered.recovery.cut).toMatchObject({ segment: 1, fromSeq: 10, toSeq: 10 });
    expect(await recovered.append(payload(11))).toBe(10);
    expect((await valuesOf(recovered.read())).length).toBe(10);
  });
});

describe('salvage', () => {
  it('saves every record that can be read, with its seq, and accounts for the rest', async () => {
    const directory = await closedJournal();
    const [, second] = segments(directory) as [string, string];
    flip(second, 9000);
    const damaged = (await verify(directory)).problems[0]?.fromSeq as number;
    const before = contents(directory);
    const out = join(temporaryDirectory(), 'out');
    const report = await salvage(directory, out);
    expect(contents(directory)).toEqual(before);
    expect(report.lost).toEqual([{ fromSeq: damaged, toSeq: damaged }]);
    expect(report.records + report.lostRecords).toBe(report.lastSeq - report.firstSeq + 1);
    expect(report.quarantined.length).toBeGreaterThan(0);
    const journal = await openJournal<Uint8Array>(out);
    expect((await collect(journal.read())).map(({ seq }) => seq)).toEqual(
      range(1, 200).filter((seq) => seq !== damaged),
    );
    expect(await rejection(journal.get(damaged))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
    expect(await journal.append(payload(201))).toBe(201);
  });

  it('of a journal that misses a segment keeps both sides of the hole', async () => {
    const directory = await closedJournal();
    const [, second] = segments(directory) as [string, string];
    rmSync(second);
    expect(await rejection(Journal.open(directory))).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
    });
    const out = join(temporaryDirectory(), 'out');
    const report = await salvage(directory, out);
    expect(report.records + report.lostRecords).toBe(200);
    const journal = await openJournal<Uint8Array>(out);
    expect(await collect(journal.read())).toHaveLength(report.records);
  });

  it('into a directory that is not empty is EXISTS, beside a writer LOCKED', async () => {
    const directory = await closedJournal();
    const out = temporaryDirectory();
    writeFileSync(join(out, 'file'), '');
    expect(await rejection(salvage(directory, out))).toMatchObject({ code: 'ERR_TIDEMARK_EXISTS' });
    await openJournal(directory);
    const locked = await rejection(salvage(directory, join(out, 'new')));
    expect(locked).toMatchObject({ code: 'ERR_TIDEMARK_LOCKED' });
  });
});
