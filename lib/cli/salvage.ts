// tidemark salvage: every readable record of a damaged journal into a new one.

import { salvage as salvageJournal } from '../recovery/index';
import type { Register } from './command';
import { Exit } from './exit';
import * as format from './format';
import { type Io, note } from './output';
import { explainMissing } from './reading';
import { table } from './table';

export const registerSalvage: Register = (program, run) => {
  program
    .command('salvage')
    .description('Copies every readable record of a damaged journal into a new one.')
    .argument('<dir>', 'directory of the journal; nothing in it is changed')
    .argument('<out>', 'new directory')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Every record keeps its seq; the seqs of lost records become gaps, and damaged bytes are copied to
<out>/quarantine.`,
    )
    .action((directory: string, out: string, options: { json?: true }) =>
      run((io) => salvage(io, directory, out, options)),
    );
};

async function salvage(
  io: Io,
  directory: string,
  out: string,
  options: { json?: true },
): Promise<number> {
  const report = await salvageJournal(directory, out).catch((error) => {
    throw explainMissing(directory, error);
  });
  if (options.json) {
    await io.out.json(report);
  } else {
    if (report.lost.length > 0) {
      await io.out.write(
        table(
          [
            { title: 'lost from', align: 'right' },
            { title: 'to', align: 'right' },
          ],
          report.lost.map(({ fromSeq, toSeq }) => [String(fromSeq), String(toSeq)]),
        ),
      );
    }
    if (report.quarantined.length > 0) {
      await io.out.write(
        table(
          [
            { title: 'quarantined from segment', align: 'right' },
            { title: 'offset', align: 'right' },
            { title: 'bytes', align: 'right' },
            { title: 'file' },
          ],
          report.quarantined.map(({ segment, offset, bytes, file }) => [
            String(segment),
            String(offset),
            String(bytes),
            file,
          ]),
        ),
      );
    }
  }
  const lost =
    report.lostRecords === 0 ? 'none is lost' : `${format.count(report.lostRecords)} are lost`;
  note(io, `${format.plural(report.records, 'record')} copied to ${out}; ${lost}.`);
  return Exit.ok;
}
