// What a record costs on disk when it is committed alone: the slope between two counts of commits,
// so that headers of the file do not matter.
import { join } from 'node:path';
import { Journal, verify } from '../../dist/index.mjs';
import { claim } from './support.mjs';

const SMALL = 17;
const MOST_BYTES_OF_SMALL = 64;
/** Longer than any pause between two appends here: idle marks are not part of the question. */
const NO_IDLE_MARK_MS = 60_000;

export async function recordBytes({ directory, sizes = [SMALL, 100, 1000], from, to }) {
  const slopes = [];
  for (const size of sizes) {
    const place = join(directory, `${size}`);
    const journal = await Journal.open(place, { codec: 'binary', idleMarkMs: NO_IDLE_MARK_MS });
    const value = Buffer.alloc(size, 0x61);
    let atFrom;
    for (let n = 1; n <= to; n += 1) {
      await journal.append(value);
      if (n === from)
        atFrom = { used: journal.stats().bytesUsed, commits: journal.stats().commits };
    }
    const stats = journal.stats();
    const segments = journal.segments().length;
    await journal.close();
    const report = await verify(place);
    slopes.push({
      size,
      bytesPerRecord: (stats.bytesUsed - atFrom.used) / (to - from),
      commitsBetween: stats.commits - atFrom.commits,
      segments,
      bytesUsedAfterClose: report.bytesUsed,
    });
  }
  const small = slopes.find(({ size }) => size === SMALL);
  return {
    figures: { from, to, slopes },
    claims: [
      claim(
        'every record was a commit of its own',
        slopes.every(({ commitsBetween }) => commitsBetween === to - from),
        null,
        null,
      ),
      claim(
        'a 17-byte record committed alone costs at most 64 bytes',
        small.bytesPerRecord <= MOST_BYTES_OF_SMALL,
        small.bytesPerRecord,
        MOST_BYTES_OF_SMALL,
      ),
    ],
  };
}
