// tidemark append: standard input into a journal, one record a line or frame.

import { readdir } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Option } from 'commander';
import { TidemarkError } from '../errors';
import { type Durability, Journal, type JournalOptions } from '../journal/index';
import type { InputKind } from './append-input';
import { maxRecordBytes, Session } from './append-session';
import { parseSize, type Register } from './command';
import { codeOf, describe, Exit, exitCodeOf, isMissing, usageError } from './exit';
import { Interrupt } from './interrupt';
import { type Io, note } from './output';
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
    .option(
      '--ack',
      'print the seq of each record when it is acknowledged, one a line; not with --json',
    )
    .addOption(
      new Option(
        '--json',
        'print what was appended, as JSON, at the end; not with --ack',
      ).conflicts('ack'),
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

export async function append(
  io: Io,
  input: Readable,
  directory: string,
  options: AppendOptions,
): Promise<number> {
  const kind: InputKind = options.binary ? 'binary' : options.text ? 'text' : 'ndjson';
  // From the first moment: a signal while the journal is being opened must not end it half-way.
  using interrupt = new Interrupt();
  const session = new Session(
    io,
    () => openJournal(directory, kind, options),
    kind,
    options.codec ?? codecOfNewJournal[kind],
    options.ack === true,
    interrupt.signal,
  );
  // A journal that is there is opened at once: what refuses it must not wait for the input.
  if (await holdsJournal(directory)) await session.open();
  if (session.openFailure === undefined) await session.run(input);
  if (session.openFailure !== undefined) throw session.openFailure;
  if (session.rejection !== undefined) {
    // The writer is at its end or out of space: closing could wait for a disk that does not answer.
    await io.out.flush();
    note(io, `${session.summary()} to ${directory}; then it stopped.`);
    note(io, describe(session.rejection));
    return exitCodeOf(session.rejection);
  }
  await session.journal?.close();
  const summary = `${session.summary()} to ${directory}.`;
  if (options.json) await io.out.json({ ...session.totals(), directory });
  else note(io, summary);
  if (session.badInput !== undefined) {
    note(io, describe(session.badInput));
    return exitCodeOf(session.badInput);
  }
  return interrupt.exitCode ?? Exit.ok;
}

/** Whether there is a file of a journal; of what cannot be listed the open says why. */
async function holdsJournal(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).some((name) => name.endsWith(segmentSuffix));
  } catch (error) {
    return !isMissing(error);
  }
}

const segmentSuffix = '.tide';

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
