// tidemark cursors: the named cursors of a journal and how far they are behind.

import type { Register } from './command';
import { Exit } from './exit';
import * as format from './format';
import { type Io, note } from './output';
import { openForReading } from './reading';
import { table } from './table';

export const registerCursors: Register = (program, run) => {
  program
    .command('cursors')
    .description('Lists the named cursors of a journal and how far they are behind.')
    .argument('<dir>', 'directory of the journal')
    .option('--json', 'print them as JSON')
    .action((directory: string, options: { json?: true }) =>
      run((io) => cursors(io, directory, options)),
    );
};

async function cursors(io: Io, directory: string, options: { json?: true }): Promise<number> {
  const journal = await openForReading(directory);
  try {
    const list = await journal.cursors();
    if (options.json) {
      await io.out.json(list);
    } else if (list.length > 0) {
      await io.out.write(
        table(
          [{ title: 'cursor' }, { title: 'seq', align: 'right' }, { title: 'lag', align: 'right' }],
          list.map(({ name, seq, lag }) => [name, String(seq), format.count(lag)]),
        ),
      );
    } else {
      note(io, 'The journal has no named cursors.');
    }
  } finally {
    await journal.close();
  }
  return Exit.ok;
}
