// Journals that hold every structure, made by the package on a disk in memory, as the bytes of their
// files.
import { Journal, type JournalOptions, msgpack } from 'tidemark';
import { salvage } from 'tidemark/recovery';
import { SimulatedDisk } from 'tidemark/testing';

export type Files = Map<string, Uint8Array>;

export interface Specimen {
  name: string;
  files: Files;
  /** The directory at earlier moments. */
  history: Files[];
}

const directory = '/journal';
const segmentBytes = 65_536;
const large = 9_000;

export async function readFiles(disk: SimulatedDisk, from = directory): Promise<Files> {
  const files: Files = new Map();
  for (const name of await disk.fs.readdir(from)) {
    if (name === 'journal.lock' || name === 'quarantine' || name.includes('.tmp')) continue;
    const descriptor = await disk.fs.open(`${from}/${name}`);
    files.set(name, new Uint8Array(await disk.fs.read(descriptor)));
    await disk.fs.close(descriptor);
  }
  return files;
}

/** Replaces what is in the directory. */
export async function writeFiles(disk: SimulatedDisk, files: Files, into = directory) {
  for (const [name, bytes] of files) {
    const descriptor = await disk.fs.open(`${into}/${name}`, 'w');
    await disk.fs.write(descriptor, bytes, 0);
    await disk.fs.close(descriptor);
  }
}

class Story {
  #disk: SimulatedDisk;
  readonly #options: JournalOptions<unknown>;
  readonly #history: Files[] = [];
  #number: number;

  constructor(seed: number, options: JournalOptions<unknown>) {
    this.#disk = new SimulatedDisk({ seed });
    this.#options = { segmentBytes, ...options };
    this.#number = seed * 100_000;
  }

  #value(bytes: number): unknown {
    this.#number += 1;
    const text = `${this.#number} `.padEnd(bytes, String.fromCharCode(97 + (this.#number % 26)));
    return this.#options.codec === 'binary'
      ? Buffer.from(text)
      : { id: this.#number, text, list: [bytes, null] };
  }

  /** One life of the journal; `cut` in the end, or closed. */
  async live(
    body: (journal: Journal<unknown>, value: (bytes: number) => unknown) => Promise<void>,
    cut = false,
  ) {
    await this.#disk.run(async () => {
      const journal = await Journal.open<unknown>(directory, this.#options);
      await body(journal, (bytes) => this.#value(bytes));
      if (cut) {
        this.#history.push(await readFiles(this.#disk));
        this.#disk.cut({ keep: 'all' });
        await journal.close().catch(() => {});
      } else {
        await journal.close();
      }
    });
    this.#history.push(await readFiles(this.#disk));
  }

  /** Goes on with a copy that lacks what was damaged here: with gaps. */
  async loseSome() {
    const files = await readFiles(this.#disk);
    const [name, bytes] = [...files].find(([each]) => each.startsWith('segment-')) ?? [];
    if (name === undefined || bytes === undefined) throw new Error('no segment to damage');
    bytes.fill(0xee, 8192 + 600, 8192 + 900);
    const disk = new SimulatedDisk({ seed: 7 });
    await disk.fs.mkdir(directory);
    await disk.run(async () => {
      await writeFiles(disk, files);
      await salvage(directory, '/saved');
    });
    const saved = await readFiles(disk, '/saved');
    this.#disk = new SimulatedDisk({ seed: 8 });
    await this.#disk.fs.mkdir(directory);
    await writeFiles(this.#disk, saved);
  }

  async done(name: string): Promise<Specimen> {
    return { name, files: await readFiles(this.#disk), history: this.#history };
  }
}

async function everything(
  name: string,
  seed: number,
  options: JournalOptions<unknown>,
  closed: boolean,
) {
  const story = new Story(seed, options);
  await story.live(async (journal, value) => {
    for (let record = 0; record < 8; record += 1) await journal.append(value(40 + record * 30));
    await journal.appendBatch([value(17), value(1), value(200)]);
  });
  await story.loseSome();
  await story.live(async (journal, value) => {
    await journal.cursor('slow');
    for (let record = 0; record < 8; record += 1) await journal.append(value(large));
    await journal.appendBatch([value(300), value(large), value(3)]);
    const cursor = await journal.cursor('fast/1');
    await cursor.advance(cursor.seq, journal.lastSeq);
  });
  await story.live(async (journal, value) => {
    for (let record = 0; record < 3; record += 1) await journal.append(value(100));
    await Promise.all([1, 2, 3].map((bytes) => journal.append(value(bytes))));
  }, true);
  await story.live(async (journal, value) => {
    const slow = await journal.cursor('slow');
    await slow.advance(slow.seq, 4);
    await journal.truncateBefore(4);
    for (let record = 0; record < 9; record += 1) await journal.append(value(large));
    await journal.append(value(20));
  });
  await story.live(async (journal, value) => {
    for (let record = 0; record < 4; record += 1) await journal.append(value(60));
    await journal.appendBatch([value(700), value(50)]);
  }, !closed);
  return story.done(name);
}

async function small(name: string, seed: number) {
  const story = new Story(seed, { codec: 'binary' });
  await story.live(async (journal, value) => {
    for (let record = 0; record < 5; record += 1) await journal.append(value(30));
  });
  return story.done(name);
}

const structures: JournalOptions<unknown> = { codec: msgpack({ structures: true }) };
const hashed: JournalOptions<unknown> = { codec: 'binary', contentHash: 'sha256' };
const padded: JournalOptions<unknown> = { codec: 'binary', padding: 'block' };

/** Each with another of the same kind, whose blocks may get into it. */
export async function makeSpecimens(): Promise<[Specimen, Specimen][]> {
  const pairs: [Specimen, Specimen][] = [];
  const kinds: [string, JournalOptions<unknown>, boolean][] = [
    ['structures, closed', structures, true],
    ['structures, killed', structures, false],
    ['hashed, killed', hashed, false],
    ['padded, closed', padded, true],
  ];
  for (const [name, options, closed] of kinds) {
    pairs.push([
      await everything(name, 1, options, closed),
      await everything(`${name}, another`, 2, options, closed),
    ]);
  }
  pairs.push([await small('small', 1), await small('small, another', 2)]);
  return pairs;
}
