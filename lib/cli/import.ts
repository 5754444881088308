// tidemark import: the files of scanstate into a scan.

import { type ImportReport, Scan } from '../scan/index';
import { readCheckpoint } from '../scan/scanstate';
import type { Register } from './command';
import { CliError, codeOf, describe, Exit, usageError } from './exit';
import * as format from './format';
import { chunksOfFile, linesOfFile } from './input-file';
import { Interrupt } from './interrupt';
import { type Io, note } from './output';

interface Options {
  id?: string;
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
    .option('--id <id>', 'id of the scan; by default that of the checkpoint')
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
  try {
    const id =
      options.id ?? (text === undefined ? undefined : readCheckpoint(text, () => {}).scan_id);
    if (id === undefined) throw usageError('a journal does not say which scan it is of: give --id');
    const scan = await Scan.open(directory, { id });
    try {
      if (checkpoint !== undefined && text !== undefined) {
        const report = await scan.importCheckpoint(text, { lenient });
        accounts.push({ file: checkpoint, ...report });
      }
      if (journal !== undefined) {
        const report = await scan.importLines(linesOfFile(journal, interrupt.signal), { lenient });
        accounts.push({ file: journal, ...report });
      }
    } finally {
      await scan.close();
    }
  } catch (error) {
    if (codeOf(error) !== 'ERR_TIDEMARK_CONFIG') throw error;
    throw new CliError(describe(error), Exit.badData, { cause: error });
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

async function textOf(file: string, stop: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOfFile(file, stop)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
