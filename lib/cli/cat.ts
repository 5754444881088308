// tidemark cat: the records of a journal, one JSON object a line.

import { Option } from 'commander';
import type { Journal } from '../journal/index';
import type { SkippedRange } from '../recovery/index';
import { parseCount, parseSeq, type Register } from './command';
import { codeOf, describe, Exit, exitCodeOfReading, usageError } from './exit';
import { Interrupt } from './interrupt';
import { type Io, note } from './output';
import { noteRecovery, openForReading } from './reading';
import { toJson } from './values';

interface CatOptions {
  from?: number;
  to?: number;
  last?: number;
  limit?: number;
  reverse?: true;
  follow?: true;
  values?: true;
}

export const registerCat: Register = (program, run) => {
  program
    .command('cat')
    .description('Prints the records of a journal, one JSON object a line.')
    .argument('<dir>', 'directory of the journal')
    .option('--from <seq>', 'begin with this record', parseSeq)
    .option('--to <seq>', 'end with this record', parseSeq)
    .option('--last <n>', 'only the last N of them', parseCount)
    .option('--limit <n>', 'at most N', parseCount)
    .addOption(new Option('--reverse', 'the last one first').conflicts('follow'))
    .addOption(
      new Option('--follow', 'go on with records as they become durable').conflicts('reverse'),
    )
    .option('--values', 'the values alone')
    .addHelpText(
      'after',
      `
Takes no lock and changes nothing: it may run beside the process that writes. Bytes are printed as
{"$base64":"…"}, a bigint as {"$bigint":"…"}, a Date as its ISO string. Exit code 2 when a record is
damaged (everything before it is printed), 3 when there is no journal.`,
    )
    .action((directory: string, options: CatOptions) => run((io) => cat(io, directory, options)));
};

async function cat(io: Io, directory: string, options: CatOptions): Promise<number> {
  if (options.from !== undefined && options.to !== undefined && options.from > options.to) {
    throw usageError(`--from ${options.from} is behind --to ${options.to}.`);
  }
  using interrupt = new Interrupt();
  const damage = new Damage();
  let journal: Journal<unknown>;
  try {
    journal = await openPastDamage(directory, damage);
  } catch (error) {
    note(io, describe(error));
    return exitCodeOfReading(error);
  }
  noteRecovery(io, journal.recovery);
  const printer = new Printer(io, journal, options, interrupt.signal, damage);
  try {
    await printer.run();
  } catch (error) {
    if (!interrupt.signal.aborted) damage.met(error);
  }
  await journal.close();
  if (damage.error !== undefined) {
    note(io, describe(damage.error));
    return exitCodeOfReading(damage.error);
  }
  return interrupt.exitCode ?? Exit.ok;
}

/** The first damage: its error, and the place behind which nothing is printed. */
class Damage {
  error: unknown;
  #range: SkippedRange | undefined;

  met(error: unknown): void {
    this.error ??= error;
  }

  /** A reader that steps over damage calls it before it yields what is behind. */
  skipped(range: SkippedRange): void {
    this.#range ??= range;
  }

  /** Looking for a place to begin may have stepped over damage that the output does not meet. */
  forget(): void {
    this.#range = undefined;
  }

  /** Whether this record stands behind the damage, in the direction of reading. */
  isBehind(seq: number, reverse: boolean): boolean {
    if (this.#range === undefined) return false;
    return reverse ? seq < this.#range.fromSeq : seq >= this.#range.fromSeq;
  }
}

/** Where damage refuses the open, what is before it can still be read. */
async function openPastDamage(directory: string, damage: Damage): Promise<Journal<unknown>> {
  try {
    return await openForReading(directory);
  } catch (error) {
    if (codeOf(error) !== 'ERR_TIDEMARK_CORRUPT') throw error;
    damage.met(error);
    try {
      const journal = await openForReading(directory, {
        onCorruption: 'skip',
        onSkip: (range) => damage.skipped(range),
      });
      // The open names the whole commit; the reading comes to the very record.
      damage.forget();
      return journal;
    } catch {
      throw error;
    }
  }
}

class Printer {
  readonly #io: Io;
  readonly #journal: Journal<unknown>;
  readonly #options: CatOptions;
  readonly #interrupted: AbortSignal;
  readonly #damage: Damage;
  readonly #toText: (value: unknown) => string;
  #left: number;

  constructor(
    io: Io,
    journal: Journal<unknown>,
    options: CatOptions,
    interrupted: AbortSignal,
    damage: Damage,
  ) {
    this.#io = io;
    this.#journal = journal;
    this.#options = options;
    this.#interrupted = interrupted;
    this.#damage = damage;
    // Of the json codec the values are texts already.
    this.#toText = journal.codec.name === 'json' ? String : toJson;
    this.#left = options.limit ?? Number.POSITIVE_INFINITY;
  }

  async run(): Promise<void> {
    const { reverse, follow, last } = this.#options;
    const journal = this.#journal;
    let from = Math.max(this.#options.from ?? 1, journal.firstSeq);
    for (const name of ['from', 'to'] as const) {
      const asked = this.#options[name];
      if (asked !== undefined && asked < journal.firstSeq) {
        note(this.#io, `--${name} ${asked}: the journal begins at seq ${journal.firstSeq}.`);
      }
    }
    const to = Math.min(this.#options.to ?? Number.MAX_SAFE_INTEGER, journal.lastSeq);
    if (last !== undefined) {
      from = await this.#startOfLast(last, from, to);
      if (reverse) this.#left = Math.min(this.#left, last);
    }
    if (from <= to) await (reverse ? this.#backward(from, to) : this.#forward(from, to));
    if (follow) await this.#follow(Math.max(from, to + 1));
  }

  get #done(): boolean {
    return this.#left <= 0 || this.#io.out.broken || this.#interrupted.aborted;
  }

  async #forward(from: number, to: number): Promise<void> {
    let next = from;
    for await (const { firstSeq, values } of this.#batches(from, to, false)) {
      // Past damage that refused the open, absent seqs may be a part of it.
      if (this.#damage.error !== undefined && firstSeq !== next) return;
      next = firstSeq + values.length;
      let text = '';
      for (const [index, value] of values.entries()) {
        const seq = firstSeq + index;
        if (this.#done || this.#damage.isBehind(seq, false)) break;
        text += this.#line(seq, value);
      }
      await this.#io.out.write(text);
      if (this.#done || this.#damage.isBehind(next, false)) return;
    }
  }

  async #backward(from: number, to: number): Promise<void> {
    let text = '';
    try {
      const records = this.#journal.read({ from, to, reverse: true, signal: this.#interrupted });
      for await (const { seq, value } of records) {
        if (this.#done || this.#damage.isBehind(seq, true)) return;
        text += this.#line(seq, value);
        if (text.length >= reverseTextLimit) {
          await this.#io.out.write(text);
          text = '';
        }
        if (this.#done) return;
      }
    } finally {
      await this.#io.out.write(text);
    }
  }

  async #follow(from: number): Promise<void> {
    const to = this.#options.to ?? Number.POSITIVE_INFINITY;
    if (this.#done || from > to) return;
    const gone = new AbortController();
    this.#io.out.whenBroken(() => gone.abort());
    using _watching = this.#io.out.watch();
    const signal = AbortSignal.any([gone.signal, this.#interrupted]);
    try {
      for await (const { seq, value } of this.#journal.follow({ from, signal })) {
        if (seq > to) return;
        await this.#io.out.write(this.#line(seq, value));
        if (this.#done || seq === to) return;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** The seq of the N-th record from the end: seqs may be absent, so it is not a subtraction. */
  async #startOfLast(last: number, from: number, to: number): Promise<number> {
    if (last === 0 || from > to) return to + 1;
    let left = last;
    try {
      for await (const { firstSeq, values } of this.#batches(from, to, true)) {
        if (values.length >= left) return firstSeq + values.length - left;
        left -= values.length;
      }
      return from;
    } catch (error) {
      // Damage among the last ones: printing from about there comes to it and names it.
      if (codeOf(error) !== 'ERR_TIDEMARK_CORRUPT') throw error;
      return Math.max(from, to - last + 1);
    } finally {
      this.#damage.forget();
    }
  }

  #batches(
    from: number,
    to: number,
    reverse: boolean,
  ): AsyncIterable<{ firstSeq: number; values: unknown[] }> {
    return this.#journal.readBatches({ from, to, reverse, signal: this.#interrupted });
  }

  #line(seq: number, value: unknown): string {
    this.#left -= 1;
    const text = this.#toText(value);
    return this.#options.values ? `${text}\n` : `{"seq":${seq},"value":${text}}\n`;
  }
}

/** Bytes of text gathered before a write; as large as a pipe usually is. */
const reverseTextLimit = 65536;
