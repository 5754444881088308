// The proof of the demonstration: from the scan's journal, opened without a lock, read from the start,
// against the tree and against what the killed writers had acknowledged. Where the start was released,
// which happens in trees of more than 100,000 files, the checkpoint that covers it stands for it.

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../journal/index';
import { verify } from '../../recovery/index';
import { entriesOf, type ScanEvent, type ScanValue } from '../../scan/marks';
import { scanName } from '../../scan/reading';
import { journalPathOf, readNewestCheckpoint } from '../../state/reading';
import * as format from '../format';
import { hashFile } from './hashing';
import type { Random } from './plan';
import type { Detail } from './protocol';
import { exists } from './tree';

export interface Check {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface Claim {
  /** Directory of the scan. */
  readonly scan: string;
  readonly tree: string;
  readonly files: readonly string[];
  /** Whose marks the writers were told to be durable. */
  readonly acknowledged: ReadonlySet<string>;
}

/** One mark of a file. */
export interface Marked {
  readonly path: string;
  /** JSON of a {@link Detail}; absent where the file could not be read. */
  readonly detail?: string | undefined;
}

export interface Held {
  /** One for each mark that was made: a file that was marked twice is in it twice. */
  readonly marks: readonly Marked[];
  /** Records that were read, and the seqs that they should have. */
  readonly records: number;
  readonly fromSeq: number;
  readonly lastSeq: number;
}

const sampleSize = 200;
const shown = 3;

export async function prove(claim: Claim, random: Random): Promise<Check[]> {
  const held = await readBack(claim.scan);
  return [
    ...checkRecords(claim, held),
    checkHashes(claim, held.marks, random),
    await checkJournal(journalPathOf(claim.scan)),
  ];
}

async function readBack(directory: string): Promise<Held> {
  const journal = await Journal.open<ScanEvent>(journalPathOf(directory), { readOnly: true });
  const marks: Marked[] = [];
  let fromSeq = 1;
  let records = 0;
  try {
    if (journal.firstSeq > fromSeq) {
      const checkpoint = await readNewestCheckpoint(directory, scanName);
      fromSeq = (checkpoint?.coveredSeq ?? 0) + 1;
      for (const [path, { status, text }] of entriesOf(checkpoint?.value as ScanValue)) {
        marks.push({ path, detail: status === 'complete' ? text : undefined });
      }
    }
    for await (const { values } of journal.readBatches({ from: fromSeq })) {
      records += values.length;
      for (const event of values) {
        if ('complete' in event) marks.push({ path: event.complete, detail: event.detail });
        else if ('skipped' in event) marks.push({ path: event.skipped });
      }
    }
    return { marks, records, fromSeq, lastSeq: journal.lastSeq };
  } finally {
    await journal.close();
  }
}

/** Everything that is decided by the records alone. */
export function checkRecords(claim: Claim, held: Held): Check[] {
  const times = new Map<string, number>();
  for (const { path } of held.marks) times.set(path, (times.get(path) ?? 0) + 1);
  const missing = claim.files.filter((path) => !times.has(path) && exists(claim.tree, path));
  const repeated = [...times].filter(([, count]) => count > 1).map(([path]) => path);
  const lost = [...claim.acknowledged].filter((path) => !times.has(path));
  const span = held.lastSeq - held.fromSeq + 1;
  return [
    check(
      'every file is recorded',
      missing,
      `${format.count(claim.files.length)} files, ${format.count(times.size)} recorded`,
    ),
    check('none is recorded twice', repeated, `${format.count(held.marks.length)} marks`),
    check(
      'nothing acknowledged is missing',
      lost,
      `${format.count(claim.acknowledged.size)} acknowledgements were heard`,
    ),
    {
      name: 'the seqs have no holes',
      holds: held.records === span,
      detail: `${held.fromSeq}–${held.lastSeq}, ${format.count(held.records)} records`,
    },
  ];
}

function checkHashes(claim: Claim, marks: readonly Marked[], random: Random): Check {
  const sample = random.sample(marks, sampleSize);
  const wrong: string[] = [];
  let compared = 0;
  for (const { path, detail } of sample) {
    if (detail === undefined) continue;
    const { sha256, size, mtimeMs } = JSON.parse(detail) as Detail;
    const status = lstatSync(join(claim.tree, path), { throwIfNoEntry: false });
    if (status === undefined || status.size !== size || status.mtimeMs !== mtimeMs) continue;
    compared += 1;
    if (hashFile(claim.tree, path).sha256 !== sha256) wrong.push(path);
  }
  const unchanged = compared === sample.length ? '' : '; the others changed or cannot be read';
  return check(
    'the hashes are right',
    wrong,
    `${compared} of a sample of ${sample.length} computed again${unchanged}`,
  );
}

async function checkJournal(directory: string): Promise<Check> {
  const report = await verify(directory);
  return {
    name: 'the journal is sound',
    holds: report.ok,
    detail: report.ok
      ? `every byte of ${format.plural(report.segments.length, 'segment')} verified`
      : `tail ${report.tail}, ${format.plural(report.problems.length, 'problem')}`,
  };
}

function check(name: string, failures: readonly string[], detail: string): Check {
  if (failures.length === 0) return { name, holds: true, detail };
  const some = failures.slice(0, shown).join(', ');
  const more = failures.length > shown ? ', …' : '';
  return { name, holds: false, detail: `${format.count(failures.length)} are not: ${some}${more}` };
}
