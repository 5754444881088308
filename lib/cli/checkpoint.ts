// tidemark checkpoint: what generations a checkpoint has, whether they are whole, and an older one
// again.

import { CheckpointCore } from '../checkpoint/core';
import type { CheckpointGeneration, CheckpointHeader } from '../checkpoint/index';
import type { Codec } from '../codec/index';
import { parsePositive, type Register } from './command';
import { describe, Exit, exitCodeOfReading, isMissing, missingError } from './exit';
import * as format from './format';
import { Interrupt } from './interrupt';
import { type Io, note } from './output';
import { table } from './table';

// A restore removes nothing: how many generations stay is the program's to say.
const keepAll = 1000;

export const registerCheckpoint: Register = (program, run) => {
  const checkpoint = program
    .command('checkpoint')
    .description('Looks at the generations of a checkpoint, and saves an older one again.');
  checkpoint
    .command('inspect')
    .description('Lists the generations of a checkpoint by their headers. Changes nothing.')
    .argument('<dir>', 'directory of the checkpoint')
    .option('--json', 'print them as JSON')
    .action((directory: string, options: { json?: true }) =>
      run((io) => look(io, directory, options, (core) => core.generations())),
    );
  checkpoint
    .command('verify')
    .description('Reads every byte of every generation and says which are whole. Changes nothing.')
    .argument('<dir>', 'directory of the checkpoint')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Exit code 0: all generations are whole. 2: corruption, at least one is damaged. 3: it could not be
read, or there is no checkpoint.`,
    )
    .action((directory: string, options: { json?: true }) =>
      run((io) => look(io, directory, options, (core) => core.verified())),
    );
  checkpoint
    .command('restore')
    .description('Saves the newest whole generation, or another one, again as the newest.')
    .argument('<dir>', 'directory of the checkpoint; nothing in it is removed')
    .option('--generation <number>', 'that one', parsePositive)
    .addHelpText(
      'after',
      `
A journal that goes with the checkpoint must still hold the records behind the restored one.
Exit code 2: the generation, or every generation, is damaged.`,
    )
    .action((directory: string, options: { generation?: number }) =>
      run((io) => restore(io, directory, options.generation)),
    );
};

function explainMissing(directory: string, error: unknown): unknown {
  if (!isMissing(error)) return error;
  return missingError(`There is no checkpoint in ${directory}.`, error);
}

/** Opens read-only, and gives what `read` finds; no generation is no checkpoint. */
async function generationsOf(
  directory: string,
  read: (core: CheckpointCore<unknown>) => Promise<CheckpointGeneration[]>,
) {
  try {
    const core = await CheckpointCore.open<unknown>(directory, { readOnly: true });
    try {
      const generations = await read(core);
      if (generations.length === 0) {
        throw missingError(`There is no checkpoint in ${core.directory}.`);
      }
      const { temporaries, foreign } = await core.list();
      return { directory: core.directory, generations, temporaries, foreign };
    } finally {
      await core.close();
    }
  } catch (error) {
    throw explainMissing(directory, error);
  }
}

async function look(
  io: Io,
  directory: string,
  options: { json?: true },
  read: (core: CheckpointCore<unknown>) => Promise<CheckpointGeneration[]>,
): Promise<number> {
  let found: Awaited<ReturnType<typeof generationsOf>>;
  try {
    found = await generationsOf(directory, read);
  } catch (error) {
    note(io, describe(error));
    return exitCodeOfReading(error);
  }
  const { generations, foreign, temporaries } = found;
  if (options.json) {
    await io.out.json({ ...found, generations: generations.map(jsonOf) });
  } else {
    await io.out.write(generationTable(generations));
    const other = [...temporaries, ...foreign];
    if (other.length > 0) note(io, `Other files: ${other.join(', ')}.`);
  }
  const problems = generations.flatMap(({ problem }) => problem ?? []);
  for (const problem of problems) note(io, describe(problem));
  if (problems.length === 0) {
    note(io, `Sound: ${format.plural(generations.length, 'generation')}.`);
    return Exit.ok;
  }
  const codes = problems.map(exitCodeOfReading);
  return codes.includes(Exit.corrupt) ? Exit.corrupt : Exit.unreadable;
}

function jsonOf({ generation, file, header, problem }: CheckpointGeneration): object {
  if (header === undefined) {
    const { code, message, offset } = problem ?? {};
    return { generation, file, problem: { code, message, offset } };
  }
  return { file, ...header };
}

function generationTable(generations: readonly CheckpointGeneration[]): string {
  return table(
    [
      { title: 'generation', align: 'right' },
      { title: 'state' },
      { title: 'covered seq', align: 'right' },
      { title: 'value', align: 'right' },
      { title: 'version', align: 'right' },
      { title: 'codec' },
      { title: 'saved' },
    ],
    generations.map(({ generation, header, problem }) =>
      header === undefined
        ? [String(generation), problem?.code === 'ERR_TIDEMARK_CORRUPT' ? 'damaged' : 'unreadable']
        : [
            String(generation),
            'sound',
            String(header.coveredSeq),
            format.bytes(header.valueBytes),
            String(header.version),
            `${header.codec.name} version ${header.codec.version}`,
            header.savedAt.toISOString(),
          ],
    ),
  );
}

/** Stands in for the codec, whatever it is: the bytes of the value stay as they are. */
function anyCodec({ codec: { name, version } }: CheckpointHeader): Codec<Uint8Array> {
  return { name, version, encode: (value) => value, decode: (bytes) => bytes };
}

async function restore(io: Io, directory: string, asked: number | undefined): Promise<number> {
  // Until the save a signal changes nothing; a save that has begun is brought to its end.
  using interrupt = new Interrupt();
  const { generations } = await generationsOf(directory, (core) => core.verified());
  const [newest] = generations;
  const chosen =
    asked === undefined
      ? generations.find(({ header }) => header !== undefined)
      : generations.find(({ generation }) => generation === asked);
  if (chosen === undefined && asked !== undefined) {
    throw missingError(`There is no generation ${asked} in ${directory}.`);
  }
  const header = chosen?.header;
  if (chosen === undefined || header === undefined) {
    for (const { problem } of generations) if (problem !== undefined) note(io, describe(problem));
    return exitCodeOfReading(chosen?.problem ?? newest?.problem);
  }
  if (chosen === newest) {
    note(io, `Generation ${chosen.generation} is the newest, and whole: there is nothing to do.`);
    return Exit.ok;
  }
  if (interrupt.exitCode !== undefined) return interrupt.exitCode;
  const core = await CheckpointCore.open<Uint8Array>(directory, {
    codec: anyCodec(header),
    keep: keepAll,
  });
  try {
    const { generation } = await core.restore(chosen.generation);
    note(io, `Generation ${chosen.generation} is saved again as generation ${generation}.`);
  } finally {
    await core.close();
  }
  return interrupt.exitCode ?? Exit.ok;
}
