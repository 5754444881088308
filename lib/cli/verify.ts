// tidemark verify: reads everything, changes nothing, and says in its exit code what was found.

import { type VerifyReport, verify as verifyJournal } from '../recovery/index';
import { parseSeq, type Register } from './command';
import { describe, Exit, exitCodeOfReading } from './exit';
import * as format from './format';
import { type Io, note } from './output';
import { describeTail, explainMissing } from './reading';
import { journalFacts, problemTable } from './report';

interface VerifyCommandOptions {
  json?: true;
  expectSeq?: number;
}

export const registerVerify: Register = (program, run) => {
  program
    .command('verify')
    .description('Reads every byte of a journal and says whether it is sound. Changes nothing.')
    .argument('<dir>', 'directory of the journal')
    .option('--json', 'print the report as JSON')
    .option('--expect-seq <seq>', 'a record that was known to be durable', parseSeq)
    .addHelpText(
      'after',
      `
Exit code 0: sound. 1: the tail is torn or undecidable, the next open cuts it. 2: corruption, bytes
that were promised are damaged. 3: it could not be read.`,
    )
    .action((directory: string, options: VerifyCommandOptions) =>
      run((io) => verify(io, directory, options)),
    );
};

async function verify(io: Io, directory: string, options: VerifyCommandOptions): Promise<number> {
  let report: VerifyReport;
  try {
    report = await verifyJournal(
      directory,
      options.expectSeq === undefined ? {} : { expectSeq: options.expectSeq },
    );
  } catch (error) {
    const explained = explainMissing(directory, error);
    note(io, describe(explained));
    return exitCodeOfReading(explained);
  }
  if (options.json) {
    await io.out.json(report);
  } else {
    await io.out.write(journalFacts(directory, report));
    if (report.problems.length > 0) await io.out.write(`\n${problemTable(report.problems)}`);
  }
  note(io, verdict(report));
  return exitCode(report);
}

const readingProblem = 'unreadable';

export function exitCode(report: Pick<VerifyReport, 'ok' | 'problems'>): number {
  if (report.ok) return Exit.ok;
  if (report.problems.some((problem) => problem.kind !== readingProblem)) return Exit.corrupt;
  return report.problems.length > 0 ? Exit.unreadable : Exit.tornTail;
}

export function verdict(report: VerifyReport): string {
  const records = format.plural(report.records, 'record');
  if (report.ok) return `Sound: ${records} in ${format.plural(report.segments.length, 'segment')}.`;
  if (report.problems.length > 0) {
    const problems = format.plural(report.problems.length, 'problem');
    return exitCode(report) === Exit.unreadable
      ? `ERR_TIDEMARK_IO: ${problems}: parts of the journal could not be read; try again when the disk can be read.`
      : `ERR_TIDEMARK_CORRUPT: ${problems}; "tidemark salvage" copies what is sound into another directory.`;
  }
  const tail = describeTail(report.tail, report.torn) ?? `The tail is ${report.tail}.`;
  return `${tail} ${records} before it are sound; the next open for writing cuts it.`;
}
