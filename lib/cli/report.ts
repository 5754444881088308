// What verify and inspect both print of a journal.

import type { SegmentLayout, VerifyProblem, VerifyReport } from '../recovery/index';
import * as format from './format';
import type { SegmentPicture } from './layout';
import { facts, table } from './table';

type Summary = Omit<VerifyReport, 'segments'> & {
  readonly segments: readonly Pick<SegmentLayout, 'createdAt'>[];
};

/** The facts that are recorded in a journal and the sums over its segments. */
export function journalFacts(directory: string, report: Summary): string {
  const { recorded, records, firstSeq, lastSeq } = report;
  const rows: [string, string][] = [['journal', directory]];
  if (recorded !== undefined) {
    rows.push(['id', recorded.id]);
    rows.push(['created', format.instant(report.segments[0]?.createdAt ?? 0)]);
    rows.push(['codec', `${recorded.codecName} version ${recorded.codecVersion}`]);
    if (recorded.application !== '') rows.push(['application', recorded.application]);
    if (recorded.hashName !== '') rows.push(['content hash', recorded.hashName]);
  }
  const seqs = records === 0 ? '' : ` (${format.seqRange(firstSeq, lastSeq)})`;
  rows.push(
    ['records', `${format.count(records)}${seqs}`],
    ['watermark', watermark(report)],
    [
      'bytes',
      `${format.bytes(report.bytesUsed)} used of ${format.bytes(report.bytesOnDisk)} on disk`,
    ],
  );
  if (report.besideWriter) rows.push(['writer', 'alive: read up to its watermark']);
  if (report.foreign.length > 0) rows.push(['foreign files', report.foreign.join(', ')]);
  return facts(rows);
}

/**
 * A writer that was killed left commits that no later frame speaks of. They are sound, and shown; the
 * next open proves them by a sync and a mark of its own.
 */
export function watermark(report: Pick<Summary, 'watermarkSeq' | 'lastSeq' | 'problems'>): string {
  const { watermarkSeq, lastSeq, problems } = report;
  const named = watermarkSeq === 0 ? 'none yet' : `seq ${watermarkSeq}`;
  if (lastSeq <= watermarkSeq || problems.length > 0) return named;
  const behind = format.count(lastSeq - watermarkSeq);
  return `${named} (the log names no later one; the ${behind} behind it are made durable by the next open)`;
}

export function segmentTable(segments: readonly SegmentPicture[]): string {
  return table(
    [
      { title: 'segment', align: 'right' },
      { title: 'state' },
      { title: 'first seq', align: 'right' },
      { title: 'last seq', align: 'right' },
      { title: 'records', align: 'right' },
      { title: 'commits', align: 'right' },
      { title: 'used', align: 'right' },
      { title: 'file', align: 'right' },
      { title: 'fill', align: 'right' },
      { title: 'created' },
    ],
    segments.map((segment) => [
      String(segment.id),
      segment.sealed ? 'sealed' : 'open',
      segment.records === 0 ? '-' : String(segment.firstSeq),
      segment.records === 0 ? '-' : String(segment.lastSeq),
      format.count(segment.records),
      format.count(segment.commits),
      format.bytes(segment.usedBytes),
      format.bytes(segment.fileBytes),
      `${Math.floor((100 * segment.usedBytes) / Math.max(1, segment.fileBytes))} %`,
      format.instant(segment.createdAt),
    ]),
  );
}

export function problemTable(problems: readonly VerifyProblem[]): string {
  return table(
    [
      { title: 'problem' },
      { title: 'segment', align: 'right' },
      { title: 'offset', align: 'right' },
      { title: 'records' },
      { title: 'what' },
    ],
    problems.map((problem) => [
      problem.kind,
      String(problem.segment),
      String(problem.offset),
      format.seqRange(problem.fromSeq, problem.toSeq),
      problem.singleBitFlip === undefined
        ? problem.detail
        : `${problem.detail} (one flipped bit, at offset ${problem.singleBitFlip}, explains it)`,
    ]),
  );
}
