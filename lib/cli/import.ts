// tidemark import: the files of scanstate into a scan.

import { TidemarkError } from '../errors';
import { type ImportReport, Scan } from '../scan/index';
import { readScan } from '../scan/reading';
import { readCheckpoint } from '../scan/scanstate';
import type { Register } from './command';
import { CliError, codeOf, Exit, isMissing, usageError } from './exit';
import * as format from './format';
import { chunksOfFile, linesOfFile } from './input-file';
import { Interrupt } from './interrupt';
import { type Io, note } from './output';

interface Options {
  id?: string;
  adopt?: true;
  checkpoint?: string;
  journal?: string;
  lenient?: true;
  json?: true;
}

export const registerImport: Register = (program, run) => {
  program
    .command('import')
    .description('Takes over a checkpoint and a journal of scanstate. It can be repeated.')
    .argument('<dir>', 'directory of the scan; it is made where there is none')
    .option('--checkpoint <file>', 'the JSON checkpoint')
    .option('--journal <file>', 'the NDJSON journal, or what "tidemark export" printed')
    .option('--id <id>', 'id of the scan; by default that of the checkpoint, or what DIR has')
    .option('--adopt', 'take over a directory of another scan, which has this id from now on')
    .option('--lenient', 'leave out what is no entry, and list it')
    .option('--json', 'print the account as JSON')
    .addHelpText('after', '\nExit code 65: what was read is no entry, and --lenient was not given.')
    .action((directory: string, options: Options) =>
      run((io) => importInto(io, directory, options)),
    );
};

interface Account extends ImportReport {
  readonly file: string;
}

async function importInto(io: Io, directory: string, options: Options): Promise<number> {
  const { checkpoint, journal, json } = options;
  if (checkpoint === undefined && journal === undefined) {
    throw usageError('give --checkpoint, --journal, or both');
  }
  const lenient = options.lenient === true;
  using interrupt = new Interrupt();
  const text = checkpoint === undefined ? undefined : await textOf(checkpoint, interrupt.signal);
  if (interrupt.exitCode !== undefined) return interrupt.exitCode;
  const accounts: Account[] = [];
  const id =
    options.id ??
    (text === undefined || checkpoint === undefined
      ? await presentId(directory)
      : await ofFile(checkpoint, () => readCheckpoint(text, () => {}).scan_id));
  if (id === undefined) throw usageError('a journal does not say which scan it is of: give --id');
  const scan = await openScan(directory, id, options.adopt === true);
  try {
    if (checkpoint !== undefined && text !== undefined) {
      const report = await ofFile(checkpoint, () => scan.importCheckpoint(text, { lenient }));
      accounts.push({ file: checkpoint, ...report });
    }
    if (journal !== undefined) {
      const lines = linesOfFile(journal, interrupt.signal);
      const report = await ofFile(journal, () => scan.importLines(lines, { lenient }));
      accounts.push({ file: journal, ...report });
    }
  } finally {
    await scan.close();
  }
  if (json) await io.out.json(accounts);
  for (const { file, read, added, known, rejected } of accounts) {
    note(
      io,
      `${file}: ${format.plural(read, 'entry', 'entries')} read, ${format.count(added)} taken over, ` +
        `${format.count(known)} known already, ${format.count(rejected.length)} left out.`,
    );
    if (json) continue;
    for (const { line, reason, text: shown } of rejected) {
      note(io, `${file}: entry ${line} was left out: ${reason}: ${shown}`);
    }
  }
  if (interrupt.exitCode === undefined) return Exit.ok;
  note(io, 'Ended by a signal: what was read is taken over, and the import can be repeated.');
  return interrupt.exitCode;
}

/** Names the file where what is in it is wrong. */
async function ofFile<R>(file: string, read: () => R | Promise<R>): Promise<R> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'ERR_TIDEMARK_CONFIG') throw error;
    const { code } = error;
    throw new CliError(`${file}: ${error.message}`, Exit.badData, { code, cause: error });
  }
}

/** The id of the scan that is there; undefined when there is none. */
async function presentId(directory: string): Promise<string | undefined> {
  try {
    return (await readScan(directory)).id;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function openScan(directory: string, id: string, adopt: boolean): Promise<Scan> {
  try {
    return await Scan.open(directory, { id, adopt });
  } catch (error) {
    const code = codeOf(error);
    if (adopt || code !== 'ERR_TIDEMARK_MISMATCH') throw error;
    const there = await presentId(directory);
    if (there === undefined || there === id) throw error;
    throw new CliError(
      `${directory} belongs to the scan '${there}', not '${id}': name another directory, or take ` +
        'it over with --adopt.',
      Exit.badData,
      { code, cause: error },
    );
  }
}

async function textOf(file: string, stop: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOfFile(file, stop)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
