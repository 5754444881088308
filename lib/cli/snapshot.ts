// tidemark snapshot: a consistent copy of a journal, also while another process writes to it.

import type { Register } from './command';
import { Exit } from './exit';
import * as format from './format';
import { type Io, note } from './output';
import { noteRecovery, openForReading } from './reading';

export const registerSnapshot: Register = (program, run) => {
  program
    .command('snapshot')
    .description('Copies a journal into a new directory, also while it is written to.')
    .argument('<dir>', 'directory of the journal')
    .argument('<out>', 'new directory')
    .option('--json', 'print the report as JSON')
    .action((directory: string, out: string, options: { json?: true }) =>
      run((io) => snapshot(io, directory, out, options)),
    );
};

async function snapshot(
  io: Io,
  directory: string,
  out: string,
  options: { json?: true },
): Promise<number> {
  const journal = await openForReading(directory);
  try {
    noteRecovery(io, journal.recovery);
    const report = await journal.snapshot(out);
    if (options.json) await io.out.json(report);
    else note(io, `${format.plural(report.records, 'record')} copied to ${out}.`);
  } finally {
    await journal.close();
  }
  return Exit.ok;
}
