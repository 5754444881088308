// crc32c() from JavaScript, beside that of @node-rs/crc32.
import { KiB, MiB } from '../../../../test/campaign/support.mjs';
import { count, fixed, medianOf, table, timesOf } from '../markdown.mjs';
import { inRounds, runProcess } from '../processes.mjs';
import { each } from '../rounds.mjs';

const LENGTHS = [64, 4 * KiB, 64 * KiB, MiB];
const OWN = 'tidemark';
const OTHER = '@node-rs/crc32';
const MILLISECONDS = 150;
const SHORT_TIMES = 1.5;
const LONG_FROM = 64 * KiB;
/** With the kernel that folds 64 bytes at a time, and with the others. */
const longTimes = (kernel) => (kernel.includes('vpclmul') ? 10 : 6);
const faster = (rounds, length) => rounds.map((round) => round[OTHER][length] / round[OWN][length]);

export const checksum = {
  name: 'checksum',
  title: 'Checksums from JavaScript',
  async run({ rounds }) {
    const taken = await inRounds(rounds, [OWN, OTHER], (system) =>
      runProcess('crc32c', { system, lengths: LENGTHS, milliseconds: MILLISECONDS }),
    );
    const { kernel } = taken[0][OWN];
    return { kernel, lengths: LENGTHS, rounds: taken };
  },
  section({ kernel, lengths, rounds }) {
    return [
      `Nanoseconds of one call with a Buffer; kernel of tidemark: \`${kernel}\`.`,
      '',
      ...table(
        ['bytes', '`crc32c()` of tidemark', 'of @node-rs/crc32', 'tidemark is faster by'],
        lengths.map((length) => [
          count(length),
          medianOf(each(rounds, OWN, length), count),
          medianOf(each(rounds, OTHER, length), count),
          timesOf(faster(rounds, length)),
        ]),
      ),
    ];
  },
  targets({ kernel, lengths, rounds }) {
    const [shortest] = lengths;
    return [shortest, ...lengths.filter((length) => length >= LONG_FROM)].map((length) => ({
      what: `\`crc32c()\` beside @node-rs/crc32, ${count(length)} bytes`,
      atLeast: length === shortest ? SHORT_TIMES : longTimes(kernel),
      values: faster(rounds, length),
      format: fixed(2),
      unit: '×',
    }));
  },
};
