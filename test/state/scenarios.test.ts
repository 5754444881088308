// The scenarios of scans (S) and of a checkpoint beside a journal (C), for journals, states and scans:
// each on the simulated disk and on the real one. Those of checkpoints alone stand in test/checkpoint.
import { join } from 'node:path';
import { type DurableState, Journal, type JournalOptions, Scan } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { collect, openJournal, range, rejection, valuesOf } from '../support/journals';
import { flip, type Image, imageOf, type Place, real, restore, simulated } from '../support/places';
import { type List, openList } from './states';

const text = (n: number): string => `record ${n} `.padEnd(60, '.');
/** No mark proves the last commit, so that it may be torn. */
const quiet: JournalOptions<string> = { codec: 'json', idleMarkMs: 60_000 };

/** The files of a journal with so many records whose process was killed, and where the last one is. */
async function killed(place: Place, records: number) {
  const directory = join(place.directory, 'killed');
  const journal = await Journal.open<string>(directory, quiet);
  for (const n of range(1, records - 1)) await journal.append(text(n));
  const begin = journal.stats().bytesUsed;
  await journal.append(text(records));
  const end = journal.stats().bytesUsed;
  const image = await imageOf(place, directory);
  await journal.close();
  const [segment] = [...image.keys()].filter((name) => name.startsWith('segment-'));
  return { image, segment: segment as string, begin, end };
}

const replaced = (image: Image, path: string, bytes: Buffer): Image =>
  new Map(image).set(path, bytes);

/** Two generations and events behind them, in front of the next checkpoint and behind it. */
const eventBytes = 30_000;
const eventText = (seq: number): string => `event ${seq} `.padEnd(eventBytes, '.');

async function openBoth(directory: string) {
  const journal = await openJournal<string>(join(directory, 'journal'), { segmentBytes: 65_536 });
  return { journal, state: await openList(directory, { journal, keep: 2 }) };
}

async function commit(state: DurableState<List, string>, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await state.commit(eventText(state.seq + 1));
}

async function aroundCheckpoint(place: Place): Promise<{ before: Image; after: Image }> {
  const directory = join(place.directory, 'both');
  const { journal, state } = await openBoth(directory);
  for (let round = 0; round < 2; round++) {
    await commit(state, 4);
    await state.checkpoint();
  }
  await commit(state, 4);
  const before = await imageOf(place, directory);
  await state.checkpoint();
  const after = await imageOf(place, directory);
  await state.close();
  await journal.close();
  return { before, after };
}

/** Opens what a crash left: every event is there once, and the state goes on. */
async function expectWhole(place: Place, name: string, image: Image): Promise<void> {
  const directory = join(place.directory, name);
  await restore(place, directory, image);
  for (const last of [12, 13]) {
    const { journal, state } = await openBoth(directory);
    expect(state.value.map(({ seq }) => seq)).toEqual(range(1, last));
    expect(state.value.every((entry) => entry.text === eventText(entry.seq))).toBe(true);
    await commit(state, 1);
    await state.checkpoint();
    await state.close();
    await journal.close();
    expect((await place.files.names(join(directory, 'state', 'checkpoint'))).join()).not.toContain(
      '.tmp',
    );
  }
}

const part = (image: Image, keep: (path: string) => boolean): [string, Buffer][] =>
  [...image].filter(([path]) => keep(path));
const inJournal = (path: string): boolean => path.startsWith('journal/');
const newest = (image: Image): string =>
  [...image.keys()]
    .filter((path) => /checkpoint-.*\.tide$/.test(path))
    .sort()
    .at(-1) as string;

describe.each([
  ['simulated', simulated],
  ['real', real],
])('on the %s disk', (_, place) => {
  const on = (body: (place: Place) => Promise<void>) => () => {
    const where = place();
    return where.run(() => body(where));
  };

  it(
    'S1 a tail cut in the middle of a record: the prefix, and what is appended behind it',
    on(async (where) => {
      const { image, segment, begin, end } = await killed(where, 6);
      const torn = Buffer.from(image.get(segment) as Buffer).fill(0, (begin + end) >> 1);
      const directory = join(where.directory, 'torn');
      await restore(where, directory, replaced(image, segment, torn));
      const journal = await openJournal<string>(directory, quiet);
      expect(journal.recovery).toMatchObject({
        path: 'recovered',
        lastSeq: 5,
        tail: 'undecidable',
      });
      expect(await journal.append('behind it')).toBe(6);
      await journal.close();
      const again = await openJournal<string>(directory, quiet);
      expect(await valuesOf(again.read())).toEqual([...range(1, 5).map(text), 'behind it']);
    }),
  );

  it(
    'S2 a flipped bit in a text: a typed error with its place, or all the others',
    on(async (where) => {
      const directory = join(where.directory, 'flipped');
      const journal = await Journal.open<string>(directory, quiet);
      for (const n of range(1, 9)) await journal.append(text(n));
      await journal.close();
      const [segment] = (await where.files.names(directory)).filter((name) =>
        name.startsWith('segment-'),
      );
      const path = join(directory, segment as string);
      const at = (await where.files.read(path)).indexOf('record 5 ') + 3;
      await flip(where, path, at);
      for (const readOnly of [true, false]) {
        expect(await rejection(Journal.open<string>(directory, { readOnly }))).toMatchObject({
          code: 'ERR_TIDEMARK_CORRUPT',
          fromSeq: 5,
        });
      }
      const skipped: unknown[] = [];
      const lenient = await Journal.open<string>(directory, {
        readOnly: true,
        onCorruption: 'skip',
        onSkip: (range) => skipped.push(range),
      });
      const others = await valuesOf(lenient.read());
      expect(others).toEqual([1, 2, 3, 4, 6, 7, 8, 9].map(text));
      // Told by the open, and by the read that meets it.
      const five = expect.objectContaining({ fromSeq: 5, toSeq: 5 });
      expect(skipped).toEqual([five, five]);
      await lenient.close();
    }),
  );

  it(
    'S3 cut at every byte of the last record: always those in front of it',
    on(async (where) => {
      const { image, segment, begin, end } = await killed(where, 4);
      const whole = image.get(segment) as Buffer;
      const directory = join(where.directory, 'cut');
      await restore(where, directory, image);
      for (let length = begin; length < end; length++) {
        await where.files.write(join(directory, segment), whole.subarray(0, length));
        const journal = await Journal.open<string>(directory, { readOnly: true });
        expect(await valuesOf(journal.read()), `${length}`).toEqual(range(1, 3).map(text));
        await journal.close();
      }
    }),
  );

  it(
    'S5 the directory of another scan is refused, and nothing is changed',
    on(async (where) => {
      const directory = join(where.directory, 'mine');
      const scan = await Scan.open(directory, { id: 'mine' });
      await scan.markComplete('a');
      await scan.close();
      expect(await rejection(Scan.open(directory, { id: 'yours' }))).toMatchObject({
        code: 'ERR_TIDEMARK_MISMATCH',
      });
      const again = await Scan.open(directory, { id: 'mine' });
      expect(again.counts).toMatchObject({ complete: 1 });
      await again.close();
    }),
  );

  it(
    'S7 truncation beside appends of four handles: in front of it, or there',
    on(async (where) => {
      const directory = join(where.directory, 'journal');
      const handles = await Promise.all(range(1, 4).map(() => openJournal<string>(directory)));
      const seqs = new Map<number, string>();
      let cut = 1;
      await Promise.all([
        ...handles.map(async (journal, index) => {
          for (const n of range(1, 60)) {
            const value = `${index}:${n}`;
            seqs.set(await journal.append(value), value);
          }
        }),
        (async () => {
          for (const seq of [20, 60, 120]) {
            await handles[0]?.waitFor(seq);
            const { firstSeq } = await (handles[1] as Journal<string>).truncateBefore(seq);
            expect(firstSeq).toBe(seq);
            cut = seq;
          }
        })(),
      ]);
      await Promise.all(handles.map((journal) => journal.close()));
      const journal = await openJournal<string>(directory);
      expect([journal.firstSeq, journal.lastSeq]).toEqual([cut, 240]);
      const left = await collect(journal.read());
      expect(left).toEqual(range(cut, 240).map((seq) => ({ seq, value: seqs.get(seq) })));
    }),
  );

  it(
    'S8 ten handles append a hundred each: a thousand, none damaged',
    on(async (where) => {
      const directory = join(where.directory, 'journal');
      const handles = await Promise.all(range(1, 10).map(() => openJournal<string>(directory)));
      await Promise.all(
        handles.flatMap((journal, index) =>
          range(1, 100).map((n) => journal.append(`${index}:${n}`)),
        ),
      );
      await Promise.all(handles.map((journal) => journal.close()));
      const journal = await openJournal<string>(directory);
      const values = await valuesOf(journal.read());
      expect([values.length, new Set(values).size]).toEqual([1000, 1000]);
    }),
  );

  it(
    'S9 names of every kind come back, and count once however often they are marked',
    on(async (where) => {
      const odd = ['', '\n', '\0', '"', '../', '\u{1f30a}', '__proto__', 'x'.repeat(100_000)];
      const targets = [...odd, ...range(1, 500).map((n) => `https://host/${n}`)];
      const scan = await Scan.open(join(where.directory, 'names'), { id: 's' });
      await Promise.all([...targets, ...targets].map((target) => scan.markComplete(target)));
      await scan.checkpoint();
      await scan.close();
      const again = await Scan.open(join(where.directory, 'names'), { id: 's' });
      expect([...again.targets()].map(({ target }) => target)).toEqual(targets);
      expect(again.counts.complete).toBe(targets.length);
      await again.close();
    }),
  );

  it(
    'S10 progress of a scan that was opened again is finite, whatever its total',
    on(async (where) => {
      for (const total of [0, 1, 5]) {
        const directory = join(where.directory, `total-${total}`);
        const scan = await Scan.open(directory, { id: 's', total });
        for (const target of ['a', 'b']) await scan.markComplete(target);
        await scan.recordFindings('a', Number.MAX_SAFE_INTEGER);
        await scan.recordFindings('b', 1);
        const { activeMs } = scan.progress;
        await scan.close();
        const again = await Scan.open(directory, { id: 's' });
        const { eta, rate, findings } = again.progress.toJSON();
        expect(findings).toBe(Number.MAX_SAFE_INTEGER);
        expect(Number.isFinite(rate)).toBe(true);
        if (total < 5) expect(eta).toBe(0);
        else expect(eta).toBeGreaterThan(0);
        expect(again.progress.activeMs).toBeGreaterThanOrEqual(Math.floor(activeMs));
        await again.close();
      }
    }),
  );

  it(
    'C1 a crash before the temporary file of a checkpoint',
    on(async (where) => {
      const { before } = await aroundCheckpoint(where);
      await expectWhole(where, 'c1', before);
    }),
  );

  it(
    'C2 a crash behind the sync of the temporary file, or while it is written',
    on(async (where) => {
      const { before, after } = await aroundCheckpoint(where);
      const file = newest(after);
      const bytes = after.get(file) as Buffer;
      for (const [name, length] of [
        ['c2-part', bytes.length >> 1],
        ['c2-whole', bytes.length],
      ] as const) {
        await expectWhole(where, name, replaced(before, `${file}.tmp`, bytes.subarray(0, length)));
      }
    }),
  );

  it(
    'C3 a crash behind the rename: the name may be there or not',
    on(async (where) => {
      const { before, after } = await aroundCheckpoint(where);
      const file = newest(after);
      await expectWhole(where, 'c3', replaced(before, file, after.get(file) as Buffer));
    }),
  );

  it(
    'C4 a crash behind the sync of the directory, before anything is released',
    on(async (where) => {
      const { before, after } = await aroundCheckpoint(where);
      const image = new Map([
        ...part(before, inJournal),
        ...part(after, (path) => !inJournal(path)),
      ]);
      await expectWhole(where, 'c4', image);
    }),
  );

  it(
    'C5 a crash in the middle of the release: half of the files are gone',
    on(async (where) => {
      const { before, after } = await aroundCheckpoint(where);
      const gone = [...before.keys()]
        .filter((path) => inJournal(path) && path.includes('segment-') && !after.has(path))
        .sort();
      expect(gone.length).toBeGreaterThan(1);
      for (let left = 1; left < gone.length; left++) {
        const image = new Map(after);
        for (const path of gone.slice(left)) image.set(path, before.get(path) as Buffer);
        await expectWhole(where, `c5-${left}`, image);
      }
    }),
  );

  it(
    'C6 a crash behind the release',
    on(async (where) => {
      const { after } = await aroundCheckpoint(where);
      await expectWhole(where, 'c6', after);
    }),
  );

  it(
    'C a journal that ends before what the checkpoint covers is an error',
    on(async (where) => {
      const { after } = await aroundCheckpoint(where);
      const directory = join(where.directory, 'lost');
      await restore(where, directory, new Map(part(after, (path) => !inJournal(path))));
      expect(await rejection(openList(directory))).toMatchObject({ code: 'ERR_TIDEMARK_CORRUPT' });
    }),
  );
});
