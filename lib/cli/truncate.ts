// tidemark truncate: gives up the records before a seq.

import { parseSeq, type Register } from './command';
import { Exit, usageError } from './exit';
import * as format from './format';
import { type Io, note } from './output';
import { openExisting } from './reading';

interface TruncateOptions {
  before: number;
  json?: true;
}

export const registerTruncate: Register = (program, run) => {
  program
    .command('truncate')
    .description('Gives up the records before a seq. Named cursors hold what they have not read.')
    .argument('<dir>', 'directory of the journal')
    .requiredOption('--before <seq>', 'the first record that stays', parseSeq)
    .option('--json', 'print the result as JSON')
    .action((directory: string, options: TruncateOptions) =>
      run((io) => truncate(io, directory, options)),
    );
};

async function truncate(io: Io, directory: string, options: TruncateOptions): Promise<number> {
  const journal = await openExisting(directory);
  try {
    if (options.before > journal.lastSeq + 1) {
      throw usageError(
        `--before ${options.before}: the highest value is ${journal.lastSeq + 1}, which gives up ` +
          `everything; the journal ends at seq ${journal.lastSeq}.`,
      );
    }
    const { firstSeq, releasedSegments, heldBy } = await journal.truncateBefore(options.before);
    if (options.json) await io.out.json({ firstSeq, releasedSegments, heldBy });
    for (const { name, seq } of heldBy) {
      note(
        io,
        `Held back by the cursor "${name}", which has processed seq ${seq} and still needs what ` +
          'is behind it.',
      );
    }
    const segments = format.plural(releasedSegments, 'segment');
    const short = firstSeq < options.before ? `, not at ${options.before} as asked` : '';
    note(io, `The journal begins at seq ${firstSeq}${short}; ${segments} released.`);
  } finally {
    await journal.close();
  }
  return Exit.ok;
}
