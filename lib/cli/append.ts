// tidemark append: standard input into a journal, one record a line or frame.

import type { Readable } from 'node:stream';
import { Option } from 'commander';
import { TidemarkError } from '../errors';
import { type Durability, Journal, type JournalOptions } from '../journal/index';
import { converter, type InputKind, isEmpty } from './append-input';
import { parseSize, type Register } from './command';
import { CliError, codeOf, describe, Exit, exitCodeOf, usageError } from './exit';
import * as format from './format';
import { chunksUntil, FrameSplitter, type Item, LineSplitter, type Splitter } from './input';
import { Interrupt } from './interrupt';
import { type Io, note } from './output';
import { Progress } from './progress';
import { jsonBytesCodec } from './raw-json';

type BuiltinCodec = 'json' | 'msgpack' | 'binary';

interface AppendOptions {
  text?: true;
  binary?: true;
  ack?: true;
  json?: true;
  codec?: BuiltinCodec;
  durability?: Durability;
  segmentBytes?: number;
  direct: 'auto' | 'on' | 'off';
  application?: string;
}

/** What the journal takes by default; a longer record is refused before it is held in memory. */
const maxRecordBytes = 16 * 2 ** 20;

const codecOfNewJournal: Readonly<Record<InputKind, BuiltinCodec>> = {
  ndjson: 'json',
  text: 'json',
  binary: 'binary',
};

export const registerAppend: Register = (program, run) => {
  program
    .command('append')
    .description('Appends standard input to a journal, one record a line. Creates the journal.')
    .argument('<dir>', 'directory of the journal')
    .addOption(new Option('--text', 'each line is a record: a string of text').conflicts('binary'))
    .option('--binary', 'records of any bytes, each behind its length (u32, little-endian)')
    .option('--ack', 'print the seq of each record when it is acknowledged, one a line')
    .addOption(
      new Option('--json', 'print what was appended, as JSON, at the end').conflicts('ack'),
    )
    .addOption(
      new Option(
        '--codec <name>',
        'codec of the journal (default: json, with --binary binary)',
      ).choices(['json', 'msgpack', 'binary']),
    )
    .option(
      '--durability <when>',
      'acknowledge at "commit" (on stable storage), or at "os" or MS, a number of milliseconds ' +
        'within which a sync follows',
      parseDurability,
    )
    .option('--segment-bytes <bytes>', 'size of a full segment, such as 65536 or 64M', parseSize)
    .addOption(
      new Option('--direct <choice>', 'O_DIRECT').choices(['auto', 'on', 'off']).default('auto'),
    )
    .option('--application <tag>', 'tag that is recorded in a new journal')
    .addHelpText(
      'after',
      `
Without --text and --binary every line is a JSON value (NDJSON), and its bytes are kept as they are.
Empty lines are skipped. A bad line ends the command with exit code 65 and its number; what was
acknowledged before it stays.`,
    )
    .action((directory: string, options: AppendOptions) =>
      run((io) => append(io, process.stdin, directory, options)),
    );
};

function parseDurability(text: string): Durability {
  if (text === 'commit' || text === 'os') return text;
  const intervalMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(intervalMs > 0)) {
    throw usageError(`--durability is "commit", "os" or a number of milliseconds, not "${text}".`);
  }
  return { intervalMs };
}

async function append(
  io: Io,
  input: Readable,
  directory: string,
  options: AppendOptions,
): Promise<number> {
  const kind: InputKind = options.binary ? 'binary' : options.text ? 'text' : 'ndjson';
  // From the first moment: a signal while the journal is being opened must not end it half-way.
  using interrupt = new Interrupt();
  const journal = await openJournal(directory, kind, options);
  const session = new Session(io, journal, kind, options.ack === true, interrupt.signal);
  await session.run(input);
  if (session.rejection !== undefined) {
    // The writer is at its end or out of space: closing could wait for a disk that does not answer.
    await io.out.flush();
    note(io, `${session.summary()} to ${directory}; then it stopped.`);
    note(io, describe(session.rejection));
    return exitCodeOf(session.rejection);
  }
  await journal.close();
  const summary = `${session.summary()} to ${directory}.`;
  if (options.json) await io.out.json({ ...session.totals(), directory });
  else note(io, summary);
  if (session.badInput !== undefined) {
    note(io, describe(session.badInput));
    return exitCodeOf(session.badInput);
  }
  return interrupt.exitCode ?? Exit.ok;
}

/**
 * Opens with the codec that fits the input; a journal that records another one keeps it, unless
 * the codec was named or cannot hold such records.
 */
async function openJournal(
  directory: string,
  kind: InputKind,
  options: AppendOptions,
): Promise<Journal<unknown>> {
  const shared: JournalOptions<unknown> = {
    maxRecordBytes,
    directIO: options.direct === 'auto' ? 'auto' : options.direct === 'on',
    ...(options.durability === undefined ? {} : { durability: options.durability }),
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    ...(options.application === undefined ? {} : { application: options.application }),
  };
  const open = (codec?: BuiltinCodec): Promise<Journal<unknown>> =>
    Journal.open<unknown>(directory, {
      ...shared,
      ...(codec === undefined
        ? {}
        : { codec: codec === 'json' ? (jsonBytesCodec as JournalCodec) : codec }),
    });
  let journal: Journal<unknown>;
  try {
    journal = await open(options.codec ?? codecOfNewJournal[kind]);
  } catch (error) {
    if (options.codec !== undefined || codeOf(error) !== 'ERR_TIDEMARK_MISMATCH') throw error;
    journal = await open();
  }
  const recorded = journal.codec.name;
  const fits = kind === 'ndjson' ? recorded !== 'binary' : kind === 'text' || recorded !== 'json';
  if (fits) return journal;
  await journal.close();
  throw new TidemarkError(
    'ERR_TIDEMARK_MISMATCH',
    kind === 'binary'
      ? `The journal in ${directory} has the codec json, which holds no plain bytes; ` +
          'leave --binary out, or append to another directory.'
      : `The journal in ${directory} has the codec binary, which holds no JSON values; ` +
          'use --binary or --text, or append to another directory.',
    { path: directory },
  );
}

type JournalCodec = Exclude<JournalOptions<unknown>['codec'], undefined>;

/** One run: the input into the journal, the acknowledgements to standard output. */
class Session {
  /** Why the journal took no more. */
  rejection: unknown;
  /** Why the input could not be read on. */
  badInput: unknown;

  readonly #io: Io;
  readonly #journal: Journal<unknown>;
  readonly #splitter: Splitter;
  readonly #toValue: (item: Item) => unknown;
  readonly #kind: InputKind;
  readonly #ack: boolean;
  readonly #interrupted: AbortSignal;
  /** Ends the reading: a signal, a rejection, or nobody left who reads the acknowledgements. */
  readonly #stop = new AbortController();
  readonly #progress: Progress;
  /** Settles when the last record handed over is acknowledged or refused; never rejects. */
  #settled: Promise<void> = Promise.resolve();
  #firstSeq: number | undefined;
  #acknowledged = 0;
  #printed = 0;
  #printing: Promise<void> | undefined;
  #bytes = 0;

  constructor(
    io: Io,
    journal: Journal<unknown>,
    kind: InputKind,
    ack: boolean,
    interrupted: AbortSignal,
  ) {
    this.#io = io;
    this.#journal = journal;
    this.#ack = ack;
    this.#interrupted = interrupted;
    this.#splitter =
      kind === 'binary' ? new FrameSplitter(maxRecordBytes) : new LineSplitter(maxRecordBytes);
    this.#toValue = converter(kind, journal.codec.name);
    this.#kind = kind;
    this.#progress = new Progress(io);
  }

  async run(input: Readable): Promise<void> {
    const stop = (): void => this.#stop.abort();
    this.#interrupted.addEventListener('abort', stop);
    if (this.#interrupted.aborted) stop();
    if (this.#ack) this.#io.out.whenBroken(stop);
    // A writer that ends while the input is silent must not wait for the next line.
    this.#journal.closed.catch((error) => this.#reject(error));
    try {
      for await (const chunk of chunksUntil(input, this.#stop.signal)) {
        if (!this.#take(this.#splitter.push(chunk))) break;
        // Also where the journal has room: acknowledgements are due while input keeps coming.
        if (!this.#journal.writable) await this.#roomOrStop();
        this.#progress.update(() => this.summary());
      }
      if (this.badInput === undefined && !this.#stop.signal.aborted) {
        this.#take(this.#splitter.end());
      }
    } catch (error) {
      this.badInput ??= error;
    } finally {
      this.#interrupted.removeEventListener('abort', stop);
    }
    await this.#settled;
    await this.#printing;
    this.#progress.clear();
  }

  totals(): { records: number; firstSeq: number | null; lastSeq: number | null; bytes: number } {
    const first = this.#firstSeq;
    const some = first !== undefined && this.#acknowledged >= first;
    return {
      records: some ? this.#acknowledged - first + 1 : 0,
      firstSeq: some ? first : null,
      lastSeq: some ? this.#acknowledged : null,
      bytes: this.#bytes,
    };
  }

  summary(): string {
    const { records, firstSeq, lastSeq } = this.totals();
    if (firstSeq === null || lastSeq === null) return 'appended 0 records';
    return `appended ${format.plural(records, 'record')} (${format.seqRange(firstSeq, lastSeq)})`;
  }

  /** Appends the items; false when the input ends here because one of them is bad. */
  #take(items: Iterable<Item>): boolean {
    const batch: Entry[] = [];
    try {
      for (const item of items) {
        if (isEmpty(this.#kind, item.bytes)) continue;
        batch.push({ number: item.number, value: this.#toValue(item) });
        this.#bytes += item.bytes.length;
      }
    } catch (error) {
      this.badInput ??= error;
    }
    const last = batch.pop();
    if (last !== undefined) this.#hand(batch, last);
    return this.badInput === undefined && this.rejection === undefined;
  }

  /**
   * All go the same way, in order, so the promise of the last one speaks for them all: a rejected
   * record takes everything behind it along.
   */
  #hand(entries: readonly Entry[], last: Entry): void {
    let written: number | undefined;
    const records = entries.length;
    for (const [index, entry] of entries.entries()) {
      try {
        written = this.#journal.write(entry.value);
      } catch (error) {
        this.#settled = this.#refuse(entry, error, written, index);
        return;
      }
    }
    this.#settled = this.#journal.append(last.value).then(
      (seq) => this.#acknowledge(seq, records + 1),
      (error) => this.#refuse(last, error, written, records),
    );
  }

  /** What the input is to blame for names its line, and what is before it stays; else: the end. */
  async #refuse(
    entry: Entry,
    error: unknown,
    written: number | undefined,
    records: number,
  ): Promise<void> {
    if (exitCodeOf(error) !== Exit.badData) {
      this.#reject(error);
      return;
    }
    this.badInput ??= new CliError(
      `Record ${entry.number} of the input is refused: ${describe(error)}`,
      Exit.badData,
      { cause: error },
    );
    this.#stop.abort();
    if (written === undefined) return;
    try {
      await this.#journal.sync();
      this.#acknowledge(written, records);
    } catch (failure) {
      this.#reject(failure);
    }
  }

  #acknowledge(seq: number, records: number): void {
    if (this.#firstSeq === undefined) {
      this.#firstSeq = seq - records + 1;
      this.#printed = seq - records;
    }
    this.#acknowledged = seq;
    if (this.#ack) this.#printing ??= this.#print();
  }

  /** Everything that a commit acknowledged goes out in one write; the next waits for the reader. */
  async #print(): Promise<void> {
    await Promise.resolve();
    while (this.#printed < this.#acknowledged && !this.#io.out.broken) {
      const last = Math.min(this.#acknowledged, this.#printed + maxAcksPerWrite);
      let text = '';
      for (let seq = this.#printed + 1; seq <= last; seq += 1) text += `${seq}\n`;
      this.#printed = last;
      await this.#io.out.write(text);
    }
    this.#printing = undefined;
  }

  #reject(error: unknown): void {
    this.rejection ??= error;
    this.#stop.abort();
  }

  async #roomOrStop(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (this.rejection !== undefined) resolve();
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#journal.ready.catch((error) => this.#reject(error)), stopped]);
  }
}

/** A record on its way, and where in the input it stood. */
interface Entry {
  readonly number: number;
  readonly value: unknown;
}

/** Bounds the text that waits for a slow reader of acknowledgements. */
const maxAcksPerWrite = 8192;
