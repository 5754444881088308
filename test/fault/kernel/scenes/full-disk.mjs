// A disk that somebody else fills, and empties again: what the journal says meanwhile, whether it can
// be truncated, and that it goes on.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from 'tidemark';
import { judge } from '../judge.mjs';
import { segmentBytes } from '../records.mjs';
import { scene } from '../scene.mjs';
import { Teller } from '../teller.mjs';
import { Visits } from '../visits.mjs';
import { openFilesIn, Volume } from './volume.mjs';

const PIECES = [1 << 16, 1 << 12, 1];
/** Appends until the journal says that the disk is full: far more than the segments ahead of it hold. */
const MOST_APPENDS = 500;
const REFUSALS = 10;

/** Takes every free byte of the volume. */
function fill(path) {
  const file = openSync(path, 'w');
  for (const size of PIECES) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size, 0x61));
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
  }
  fsyncSync(file);
  closeSync(file);
}

const told = (error) =>
  error && { code: error.code, cause: error.cause?.code, outcome: error.outcome };

scene(async ({ base, withTruncate }) => {
  const volume = new Volume(base, 'ext4');
  const directory = join(volume.path, 'journal');
  const filler = join(volume.path, 'filler');
  const lines = [];
  const say = (line) => lines.push(line);
  const visits = new Visits(directory, say);
  const teller = new Teller(say, 1);
  const journal = await Journal.open(directory, { codec: 'binary', segmentBytes });
  for (let n = 0; n < 12; n += 1) await teller.atOnce(journal, 4);

  fill(filler);
  let first;
  for (let n = 0; n < MOST_APPENDS && first === undefined; n += 1)
    first = await teller.one(journal);
  const refused = [first];
  for (let n = 0; n < REFUSALS; n += 1) refused.push(await teller.one(journal));
  const atOnce = await teller.atOnce(journal, REFUSALS);
  const read = await journal.get(journal.durableSeq);
  const beside = visits.visit();

  const truncated = withTruncate
    ? { error: told(await teller.truncate(journal, journal.durableSeq - 8)) }
    : undefined;
  if (!withTruncate) rmSync(filler);
  const again = [];
  for (let n = 0; n < REFUSALS; n += 1) again.push(told(await teller.one(journal)));
  if (withTruncate) rmSync(filler);
  const last = told(await teller.one(journal));
  await teller.close(journal);
  // A reader needs no room, with a writer or without.
  fill(filler);
  const behind = visits.visit(journal.durableSeq);
  rmSync(filler);
  const leftOpen = openFilesIn(directory);
  const { problems } = await judge(directory, lines);
  return {
    refused: [...refused, ...atOnce].map(told),
    readable: read?.seq,
    truncated,
    again,
    last,
    leftOpen,
    visits: { beside: beside.lastSeq, behind: behind.lastSeq, refused: visits.refused },
    problems: [...visits.problems, ...problems],
  };
});
