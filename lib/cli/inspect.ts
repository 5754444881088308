// tidemark inspect: where everything lies in the files of a journal; also as a picture to scale.

import { writeFile } from 'node:fs/promises';
import { verify } from '../recovery/index';
import type { Register } from './command';
import { describe, Exit, exitCodeOfReading } from './exit';
import { layoutPage } from './inspect-page';
import { type Layout, layoutOf } from './layout';
import { type Io, note } from './output';
import { describeProblem, describeTail, explainMissing } from './reading';
import { journalFacts, problemTable, segmentTable } from './report';
import { table } from './table';
import { exitCode } from './verify';

interface InspectOptions {
  frames?: true;
  json?: true;
  html?: string;
}

export const registerInspect: Register = (program, run) => {
  program
    .command('inspect')
    .description('Shows how a journal lies on the disk: segments, commits, sizes, watermark.')
    .argument('<dir>', 'directory of the journal')
    .option('--frames', 'every frame too')
    .option('--json', 'print the layout as JSON')
    .option('--html <file>', 'write a picture to scale, a page of its own')
    .addHelpText(
      'after',
      `
A damaged journal is shown as far as it can be read; then the exit code is 2. A torn tail is a note.`,
    )
    .action((directory: string, options: InspectOptions) =>
      run((io) => inspect(io, directory, options)),
    );
};

async function inspect(io: Io, directory: string, options: InspectOptions): Promise<number> {
  let report: Layout;
  try {
    report = layoutOf(await verify(directory, { frames: true }));
  } catch (error) {
    const explained = explainMissing(directory, error);
    note(io, describe(explained));
    return exitCodeOfReading(explained);
  }
  if (options.html !== undefined) {
    await writeFile(options.html, layoutPage(directory, report));
    note(io, `Wrote the picture to ${options.html}.`);
  }
  if (options.json) {
    for (const part of reportJson(report, options.frames === true)) await io.out.write(part);
  } else if (options.html === undefined || options.frames) {
    await io.out.write(`${journalFacts(directory, report)}\n${segmentTable(report.segments)}`);
    if (options.frames) await printFrames(io, report);
    if (report.problems.length > 0) await io.out.write(`\n${problemTable(report.problems)}`);
  }
  const tail = describeTail(report.tail, report.torn);
  if (tail !== undefined) note(io, tail);
  const [problem] = report.problems;
  if (problem === undefined) return Exit.ok;
  note(io, describeProblem(directory, problem, report.problems.length));
  return exitCode(report);
}

/** The report as JSON, a segment a line: with its frames it is longer than a string may be. */
function* reportJson(report: Layout, frames: boolean): Generator<string> {
  const { segments, ...rest } = report;
  yield `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "segments": [`;
  for (const [index, segment] of segments.entries()) {
    const { frames: own, ...facts } = segment;
    yield `${index === 0 ? '' : ','}\n    ${JSON.stringify(frames ? { ...facts, frames: own } : facts)}`;
  }
  yield '\n  ]\n}\n';
}

/** A part at a time: a segment may hold a million frames. */
async function printFrames(io: Io, report: Layout): Promise<void> {
  const framesAtOnce = 10_000;
  for (const segment of report.segments) {
    const { frames } = segment;
    await io.out.write(`\nsegment ${segment.id}\n`);
    for (let start = 0; start < frames.length; start += framesAtOnce) {
      await io.out.write(
        table(
          [
            { title: 'offset', align: 'right' },
            { title: 'bytes', align: 'right' },
            { title: 'type' },
            { title: 'first seq', align: 'right' },
            { title: 'records', align: 'right' },
            { title: 'watermark', align: 'right' },
            { title: 'at offset', align: 'right' },
          ],
          frames
            .slice(start, start + framesAtOnce)
            .map((frame) => [
              String(frame.offset),
              String(frame.bytes),
              frame.type,
              String(frame.firstSeq),
              String(frame.records),
              `seq ${frame.watermarkSeq}`,
              String(frame.watermarkOffset),
            ]),
        ),
      );
    }
  }
}
