// tidemark export: a scan as the lines of scanstate's journal, or its settings as TOML.

import { linesOf } from '../scan/exchange';
import { totalOf } from '../scan/marks';
import { ScanSettings } from '../scan/settings';
import type { Register } from './command';
import { Exit } from './exit';
import type { Io } from './output';
import { readScanIn } from './scan-reading';

interface Options {
  journal?: string;
  settings?: true;
}

export const registerExport: Register = (program, run) => {
  program
    .command('export')
    .description('Prints every target of a scan as NDJSON, with the fields of scanstate.')
    .argument('<dir>', 'directory of the scan (checkpoint_path of its settings)')
    .option('--journal <dir>', 'directory of its journal, where settings put it elsewhere')
    .option('--settings', 'print settings that open this scan, as TOML, instead')
    .addHelpText(
      'after',
      '\nWorks beside a running scan. "tidemark import --journal" takes the lines back.',
    )
    .action((directory: string, options: Options) =>
      run((io) => exportFrom(io, directory, options)),
    );
};

async function exportFrom(io: Io, directory: string, options: Options): Promise<number> {
  const { journal, settings } = options;
  const { id, value } = await readScanIn(directory, journal);
  if (settings) {
    const total = totalOf(value);
    const text = ScanSettings.toToml({
      scan_id: id ?? '',
      checkpoint_path: directory,
      ...(journal !== undefined && { journal_path: journal }),
      ...(total !== null && { total_targets: total }),
      sync_checkpoint: true,
      flush_interval_secs: 0,
    });
    await io.out.write(text);
    return Exit.ok;
  }
  for (const line of linesOf(value)) {
    await io.out.write(line);
    if (io.out.broken) break;
  }
  return Exit.ok;
}
