// tidemark state: what a durable state holds, without its program, or with the part of it that applies.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Journal } from '../journal/index';
import {
  journalPathOf,
  type NewestCheckpoint,
  type ReadStateOptions,
  readNewestCheckpoint,
  readState,
} from '../state/reading';
import type { Register } from './command';
import {
  CliError,
  codeOf,
  describe,
  Exit,
  exitCodeOfReading,
  isMissing,
  missingError,
  usageError,
} from './exit';
import { type Io, note } from './output';
import { jsonTextCodec } from './raw-json';
import { openForReading } from './reading';
import { toJson } from './values';

interface Options {
  name?: string;
  journal?: string;
  apply?: string;
}

export const registerState: Register = (program, run) => {
  const state = program
    .command('state')
    .description('Shows what a state holds: its newest checkpoint and the events behind it.');
  state
    .command('dump')
    .description('Prints the newest whole checkpoint and the events behind it, a line each.')
    .argument('<dir>', 'directory of the state')
    .option('--name <name>', 'which state, where several share a journal')
    .option('--journal <dir>', 'directory of the journal, where it is not in that of the state')
    .option('--apply <file>', 'print the value instead: a module that exports initial and apply')
    .addHelpText(
      'after',
      `
Changes nothing, and works beside the process that has the state open. Exit code 2: all generations
are damaged, or records are missing. 3: there is no state, or it could not be read.`,
    )
    .action((directory: string, options: Options) =>
      run(async (io) => {
        try {
          await (options.apply === undefined
            ? dump(io, directory, options)
            : dumpValue(io, directory, options.apply, options));
        } catch (error) {
          // The journal that --journal names is another matter.
          if (isMissing(error) && (options.journal === undefined || !(error instanceof CliError))) {
            throw missingError(`There is no state in ${directory}.`, error);
          }
          const code = exitCodeOfReading(error);
          if (code !== Exit.unreadable || error instanceof CliError) throw error;
          throw new CliError(describe(error), code, { cause: error });
        }
        return Exit.ok;
      }),
    );
};

function noteRejected(io: Io, rejected: NewestCheckpoint['rejected']): void {
  for (const { file, reason } of rejected) note(io, `${file} was left out: ${reason}`);
}

/**
 * The newest whole checkpoint and every event behind it, up to the end as it is now. The program may
 * save again meanwhile and release what was to be read: then its new checkpoint stands in for that.
 */
export async function dump(io: Io, directory: string, options: Options): Promise<void> {
  // The journal first: whatever it has released by now, a checkpoint that is there covers.
  const journal = await openForReading(options.journal ?? journalPathOf(directory));
  try {
    const { firstSeq, lastSeq: to } = journal;
    let newest = await readNewestCheckpoint(directory, options.name);
    for (;;) {
      const from = newest === undefined ? firstSeq : newest.coveredSeq + 1;
      try {
        await printDump(io, newest, journal, { from, to });
        return;
      } catch (error) {
        if (codeOf(error) !== 'ERR_TIDEMARK_TRUNCATED') throw error;
        const newer = await readNewestCheckpoint(directory, options.name);
        if (newer === undefined || newer.generation === newest?.generation) {
          throw new CliError(describe(error), Exit.corrupt, { cause: error });
        }
        newest = newer;
      }
    }
  } finally {
    await journal.close();
  }
}

async function printDump(
  io: Io,
  newest: NewestCheckpoint | undefined,
  journal: Journal<unknown>,
  range: { from: number; to: number },
): Promise<void> {
  // With the first event: until that is read, a newer checkpoint may have to take its place.
  const begin = async () => {
    if (newest === undefined) return;
    const { generation, coveredSeq, version, value, rejected } = newest;
    noteRejected(io, rejected);
    const facts = toJson({ generation, coveredSeq, version });
    await io.out.line(`{"checkpoint":${facts},"value":${toJson(value)}}`);
  };
  let begun = false;
  // The json codec gives its texts here: they are printed as they are.
  const isText = journal.codec.name === jsonTextCodec.name;
  if (range.from <= range.to) {
    for await (const { seq, value } of journal.read(range)) {
      if (!begun) await begin();
      begun = true;
      await io.out.line(`{"seq":${seq},"event":${isText ? String(value) : toJson(value)}}`);
      if (io.out.broken) return;
    }
  }
  if (!begun) await begin();
}

/** Rejects when nothing is left that could settle it: the process would end without a word. */
async function unlessIdle<R>(promise: Promise<R>): Promise<R> {
  let onIdle = (): void => {};
  const idle = new Promise<never>((_, reject) => {
    onIdle = () => reject(new Error('its top level waits for what never happens'));
  });
  process.once('beforeExit', onIdle);
  try {
    return await Promise.race([promise, idle]);
  } finally {
    process.off('beforeExit', onIdle);
  }
}

async function dumpValue(io: Io, directory: string, file: string, options: Options): Promise<void> {
  const url = pathToFileURL(resolve(file)).href;
  const failed = (what: string, exitCode: number, cause?: unknown) =>
    new CliError(`${file} ${what}`, exitCode, { code: 'ERR_TIDEMARK_APPLY', cause });
  let loaded: Record<string, unknown>;
  try {
    loaded = (await unlessIdle(import(url))) as Record<string, unknown>;
  } catch (error) {
    throw failed(`cannot be loaded: ${(error as Error).message}`, Exit.usage, error);
  }
  const from = (loaded['apply'] === undefined ? loaded['default'] : loaded) ?? loaded;
  const { initial, apply, codec, version, migrateState, migrateEvent } = from as Partial<
    ReadStateOptions<unknown, unknown>
  >;
  if (typeof initial !== 'function' || typeof apply !== 'function') {
    throw usageError(`${file} must export the functions initial and apply`);
  }
  const { value, seq, checkpoint, replayed } = await readState<unknown, unknown>(directory, {
    initial,
    apply,
    ...(codec !== undefined && { codec }),
    ...(version !== undefined && { version }),
    ...(migrateState !== undefined && { migrateState }),
    ...(migrateEvent !== undefined && { migrateEvent }),
    ...(options.name !== undefined && { name: options.name }),
    ...(options.journal !== undefined && { journalPath: options.journal }),
  });
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw failed(`makes a ${typeof value}, which is no value that can be printed.`, Exit.badData);
  }
  let text: string;
  try {
    text = toJson(value);
  } catch (error) {
    const [why] = (error as Error).message.split('\n', 1);
    throw failed(`makes a value that cannot be printed as JSON: ${why}`, Exit.badData, error);
  }
  await io.out.line(`{"seq":${seq},"value":${text}}`);
  const base =
    checkpoint === undefined
      ? 'no checkpoint'
      : `generation ${checkpoint.generation}, which covers record ${checkpoint.coveredSeq}`;
  note(io, `From ${base}, and ${replayed} events behind it.`);
}
