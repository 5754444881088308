// What idle marks cost: syncs and bytes for each pause in which a mark is written, beside a journal
// that writes none.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Journal } from '../../dist/index.mjs';
import { claim } from './support.mjs';

const RECORD = Buffer.alloc(100, 0x61);
const NEVER_MS = 60_000;

async function appendWithPauses(directory, { idleMarkMs, records, pauseMs, quietMs }) {
  const journal = await Journal.open(directory, { codec: 'binary', idleMarkMs });
  const before = journal.stats();
  for (let n = 0; n < records; n += 1) {
    await journal.append(RECORD);
    await pause(pauseMs);
  }
  const after = journal.stats();
  await pause(quietMs);
  const quiet = journal.stats();
  await journal.close();
  return {
    idleMarkMs,
    pauseMs,
    records,
    syncsEach: (after.syncs - before.syncs) / records,
    marksEach: (after.marks - before.marks) / records,
    bytesWrittenEach: (after.bytesWritten - before.bytesWritten) / records,
    bytesUsedEach: (after.bytesUsed - before.bytesUsed) / records,
    // A pause that ended before its mark was written may leave it for the quiet time.
    syncsWhenQuiet: quiet.syncs - after.syncs,
    marksWhenQuiet: quiet.marks - after.marks,
  };
}

export async function idleMarks({ directory, records, pauseMs, quietMs }) {
  const results = [];
  for (const [idleMarkMs, pause] of [
    [5, pauseMs],
    [5, 0],
    [NEVER_MS, pauseMs],
  ]) {
    const place = join(directory, `${results.length}`);
    results.push(await appendWithPauses(place, { idleMarkMs, records, pauseMs: pause, quietMs }));
  }
  return {
    figures: { results },
    claims: [
      claim(
        'a pause costs at most one mark: two syncs with that of its record',
        results.every(({ syncsEach }) => syncsEach <= 2),
        results.map(({ syncsEach }) => syncsEach),
        2,
      ),
      claim(
        'a quiet journal stays quiet',
        results.every(({ syncsWhenQuiet }) => syncsWhenQuiet <= 1),
        results.map(({ syncsWhenQuiet }) => syncsWhenQuiet),
        1,
      ),
      claim('no mark before its time', results[2].syncsEach === 1, results[2].syncsEach, 1),
    ],
  };
}
