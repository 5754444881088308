// Reading everything: objects beside lmdb and beside the codec in memory, bytes with their checksums,
// and verify beside reading the same files.
import { join } from 'node:path';
import { LONG_BYTES } from '../corpus.mjs';
import { count, fixed, medianOf, rate, table, timesOf } from '../markdown.mjs';
import { inRounds, runProcess } from '../processes.mjs';
import { each, ratios } from '../rounds.mjs';

const MOST_OBJECTS = 1_000_000;
const LEAST_OF_LMDB = 1.5;
const LEAST_OF_CODEC = 0.85;
const LEAST_BINARY = 5e6;
const LEAST_OF_PREAD = 0.8;

const systems = {
  objects: 'tidemark `readBatches`',
  read: 'tidemark `read`',
  lmdb: 'lmdb `getRange`, as installed',
  'lmdb-plain': 'lmdb `getRange`, plain maps as tidemark stores them',
  codec: 'the codec in memory, same arrays',
};

export const reading = {
  name: 'reading',
  title: 'Reading',
  async run({ corpus, directory, scale, rounds, log }) {
    const journals = {
      objects: await corpus.objects(),
      binary: await corpus.binary(),
      long: await corpus.long(),
    };
    const { directory: objects } = journals.objects;
    const records = Math.min(
      journals.objects.records,
      Math.round(MOST_OBJECTS * Math.max(scale, 0.01)),
    );
    const lmdb = (plain) => ({ directory: join(directory, `lmdb-${plain}`), records, plain });
    for (const plain of [false, true])
      await runProcess('read-lmdb', { ...lmdb(plain), fill: true });
    log(`${records} objects put into each lmdb`);
    const whole = (journal) => ({ directory: journal.directory, records: journal.records });
    const runs = {
      objects: () => runProcess('read', { directory: objects, form: 'readBatches', to: records }),
      read: () => runProcess('read', { directory: objects, form: 'read', to: records }),
      lmdb: () => runProcess('read-lmdb', lmdb(false)),
      'lmdb-plain': () => runProcess('read-lmdb', lmdb(true)),
      codec: () => runProcess('read-codec', { records }),
      binary: () => {
        const { directory: place, records: to } = journals.binary;
        return runProcess('read', { directory: place, form: 'readBatches', to });
      },
      verify: () => runProcess('verify', { ...whole(journals.long), how: 'verify' }),
      pread: () => runProcess('verify', { ...whole(journals.long), how: 'pread' }),
    };
    const taken = await inRounds(rounds, Object.keys(runs), (run) => runs[run]());
    return {
      records: { objects: records, binary: journals.binary.records, long: journals.long.records },
      rounds: taken,
    };
  },
  section({ records, rounds }) {
    const gigabytes = (run) =>
      medianOf(
        each(rounds, run, 'bytesPerSecond').map((perSecond) => perSecond / 1e9),
        fixed(2),
      );
    const seconds = (run) => medianOf(each(rounds, run, 'seconds'), fixed(3));
    return [
      'Each reads everything once to warm up, so that files are in the page cache, and once again.',
      '',
      `### ${count(records.objects)} objects`,
      '',
      ...table(
        ['system', 'records/s', 'CPU µs a record', 'tidemark `readBatches` is'],
        Object.entries(systems).map(([run, system]) => [
          system,
          medianOf(each(rounds, run, 'perSecond'), rate),
          medianOf(each(rounds, run, 'cpuMicros'), fixed(2)),
          run === 'objects' ? '' : timesOf(ratios(rounds, 'objects', run, 'perSecond')),
        ]),
      ),
      '',
      `### ${count(records.binary)} records of 100 bytes`,
      '',
      '`readBatches`, every checksum verified, every record a Buffer:',
      `${medianOf(each(rounds, 'binary', 'perSecond'), rate)} records/s,`,
      `CPU ${medianOf(each(rounds, 'binary', 'cpuMicros'), fixed(3))} µs a record.`,
      '',
      `### ${count(records.long)} records of ${count(LONG_BYTES)} bytes`,
      '',
      ...table(
        ['way', 'GB/s', 'seconds'],
        [
          ['`verify`', gigabytes('verify'), seconds('verify')],
          ['`pread` in pieces of 1 MiB', gigabytes('pread'), seconds('pread')],
        ],
      ),
    ];
  },
  targets({ rounds }) {
    const beside = (run, other, key) => ({
      values: ratios(rounds, run, other, key),
      format: fixed(2),
      unit: '×',
    });
    return [
      {
        what: '`readBatches` of objects, beside lmdb’s `getRange` as installed',
        atLeast: LEAST_OF_LMDB,
        ...beside('objects', 'lmdb', 'perSecond'),
      },
      {
        what: '`readBatches` of objects, beside the codec in memory',
        atLeast: LEAST_OF_CODEC,
        ...beside('objects', 'codec', 'perSecond'),
      },
      {
        what: '`readBatches` of 100 bytes, checksums verified, records/s',
        atLeast: LEAST_BINARY,
        values: each(rounds, 'binary', 'perSecond'),
        format: rate,
      },
      {
        what: `\`verify\` of ${count(LONG_BYTES)}-byte records, beside \`pread\` of the same files`,
        atLeast: LEAST_OF_PREAD,
        ...beside('verify', 'pread', 'bytesPerSecond'),
      },
    ];
  },
};
