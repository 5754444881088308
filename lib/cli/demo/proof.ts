// The proof of the demonstration: from the journal alone, opened without a lock, read from the
// start, against the tree and against what the killed writers had acknowledged.

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../journal/index';
import { verify } from '../../recovery/index';
import * as format from '../format';
import { hashFile } from './hashing';
import type { Random } from './plan';
import { application, type FileRecord } from './protocol';
import { exists } from './tree';

export interface Check {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface Claim {
  readonly journal: string;
  readonly tree: string;
  readonly files: readonly string[];
  /** The path that each acknowledged seq stands for. */
  readonly acknowledged: ReadonlyMap<number, string>;
}

const sampleSize = 200;
const shown = 3;

export async function prove(claim: Claim, random: Random): Promise<Check[]> {
  const held = await readBack(claim.journal);
  return [
    ...checkRecords(claim, held),
    checkHashes(claim, [...held.bySeq.values()], random),
    await checkJournal(claim.journal),
  ];
}

export interface Held {
  readonly bySeq: ReadonlyMap<number, FileRecord>;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

async function readBack(directory: string): Promise<Held> {
  const journal = await Journal.open<FileRecord>(directory, {
    readOnly: true,
    application,
    codec: 'json',
  });
  const bySeq = new Map<number, FileRecord>();
  try {
    for await (const { firstSeq, values } of journal.readBatches()) {
      for (const [index, value] of values.entries()) bySeq.set(firstSeq + index, value);
    }
    return { bySeq, firstSeq: journal.firstSeq, lastSeq: journal.lastSeq };
  } finally {
    await journal.close();
  }
}

/** Everything that is decided by the records alone. */
export function checkRecords(claim: Claim, held: Held): Check[] {
  const times = new Map<string, number>();
  for (const { path } of held.bySeq.values()) times.set(path, (times.get(path) ?? 0) + 1);
  const missing = claim.files.filter((path) => !times.has(path) && exists(claim.tree, path));
  const repeated = [...times].filter(([, count]) => count > 1).map(([path]) => path);
  const lost = [...claim.acknowledged]
    .filter(([seq, path]) => held.bySeq.get(seq)?.path !== path)
    .map(([seq, path]) => `seq ${seq} (${path})`);
  const span = held.lastSeq - held.firstSeq + 1;
  return [
    check(
      'every file is recorded',
      missing,
      `${format.count(claim.files.length)} files, ${format.count(times.size)} recorded`,
    ),
    check('none is recorded twice', repeated, `${format.count(held.bySeq.size)} records`),
    check(
      'nothing acknowledged is missing',
      lost,
      `${format.count(claim.acknowledged.size)} acknowledgements were heard`,
    ),
    {
      name: 'the seqs have no holes',
      holds: held.bySeq.size === span,
      detail: `${held.firstSeq}–${held.lastSeq}, ${format.count(held.bySeq.size)} records`,
    },
  ];
}

function checkHashes(claim: Claim, records: readonly FileRecord[], random: Random): Check {
  const sample = random.sample(records, sampleSize);
  const wrong: string[] = [];
  let compared = 0;
  for (const record of sample) {
    const status = lstatSync(join(claim.tree, record.path), { throwIfNoEntry: false });
    const changed =
      status === undefined || status.size !== record.size || status.mtimeMs !== record.mtimeMs;
    if (record.sha256 === undefined || changed) continue;
    compared += 1;
    if (hashFile(claim.tree, record.path).sha256 !== record.sha256) wrong.push(record.path);
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
