// Makes docs/benchmarks-native.md of a run: `node bench/native/report.mjs` makes it anew from
// bench/results/native.json, and scripts/bench-native.mjs at the end of a run.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const row = (...cells) => `| ${cells.join(' | ')} |`;

function median(numbers) {
  const ascending = [...numbers].sort((a, b) => a - b);
  const middle = ascending.length / 2;
  return ascending.length % 2 === 1
    ? ascending[Math.floor(middle)]
    : (ascending[middle - 1] + ascending[middle]) / 2;
}

/** By name: of each figure the median over the repetitions. */
function medians(benches) {
  const byName = new Map();
  for (const bench of benches) {
    if (bench.error !== undefined) continue;
    if (!byName.has(bench.name)) byName.set(bench.name, []);
    byName.get(bench.name).push(bench);
  }
  return new Map(
    [...byName].map(([name, all]) => [
      name,
      Object.fromEntries(
        Object.keys(all[0])
          .filter((key) => key !== 'name')
          .map((key) => [key, median(all.map((one) => one[key]))]),
      ),
    ]),
  );
}

const bytes = (count) => {
  if (count >= 2 ** 20) return `${count / 2 ** 20} MiB`;
  return count >= 1024 ? `${count / 1024} KiB` : `${count} B`;
};

function checksums(figures) {
  const found = [...figures].flatMap(([name, one]) => {
    const [room, kernel, length] = name.split('/');
    return room === 'crc32c' ? [{ kernel, length: Number(length), ...one }] : [];
  });
  const kernels = [...new Set(found.map(({ kernel }) => kernel))];
  const lengths = [...new Set(found.map(({ length }) => length))].sort((a, b) => a - b);
  return [
    row('length', ...kernels.map((kernel) => `\`${kernel}\``)),
    row('---', ...kernels.map(() => '---:')),
    ...lengths.map((length) =>
      row(
        bytes(length),
        ...kernels.map((kernel) => {
          const one = found.find((each) => each.kernel === kernel && each.length === length);
          const speed = `${(one.bytes_per_second / 1e9).toFixed(1)} GB/s`;
          return length <= 256 ? `${one.nanoseconds.toFixed(1)} ns` : speed;
        }),
      ),
    ),
  ];
}

const whats = {
  encode: 'encode a commit: checksums, table, header',
  decode_header: 'verify and decode a frame header with its table',
  'scan/headers': 'walk the frames of a segment',
  'scan/verified': 'walk them and verify every record',
};

function frames(figures) {
  const lines = [
    row('what', 'records a commit', 'bytes each', 'ns a record', 'GB/s', 'allocations a commit'),
    row('---', '---:', '---:', '---:', '---:', '---:'),
  ];
  for (const [name, one] of figures) {
    const [, what, records, size] = /^(.*)\/records:(\d+)\/bytes:(\d+)/.exec(name) ?? [];
    if (whats[what] === undefined) continue;
    lines.push(
      row(
        whats[what],
        Number(records).toLocaleString('en-US'),
        Number(size).toLocaleString('en-US'),
        (1e9 / one.items_per_second).toFixed(1),
        (one.bytes_per_second / 1e9).toFixed(1),
        one.allocations.toFixed(2),
      ),
    );
  }
  return lines;
}

const loops = {
  'raw/direct_dsync': 'raw: O_DIRECT and O_DSYNC',
  'raw/direct_dsync_thread': 'raw: the same, by another thread that is waited for',
  'raw/direct_fdatasync': 'raw: O_DIRECT, then fdatasync',
  'raw/buffered_fdatasync': 'raw: page cache, then fdatasync',
  'commit/automatic': '**commit**, `directIO: "auto"`, waited for',
  'commit/event_loop': '**commit**, the same, by a thread that waits as an event loop does',
  'commit/buffered': '**commit**, `directIO: false`, waited for',
};

/** A loop that does nothing but what the disk needs. */
const isRaw = (what) => what.startsWith('raw/') && !what.endsWith('_thread');

function commits(figures) {
  const lines = [
    row('one at a time', 'bytes', 'p50 µs', 'p99 µs', 'p99.9 µs', 'p50 by the fastest raw loop'),
    row('---', '---:', '---:', '---:', '---:', '---:'),
  ];
  const all = [...figures].flatMap(([name, one]) => {
    const [, what, size] = /^((?:raw|commit)\/\w+)\/bytes:(\d+)/.exec(name) ?? [];
    return what === undefined ? [] : [{ what, size: Number(size), ...one }];
  });
  for (const size of new Set(all.map((one) => one.size))) {
    const same = all.filter((one) => one.size === size);
    const raw = same.filter(({ what }) => isRaw(what)).map(({ p50_us }) => p50_us);
    for (const { what, p50_us, p99_us, p999_us } of same) {
      const ratio = isRaw(what) ? '' : `${(p50_us / Math.min(...raw)).toFixed(2)}×`;
      const times = [p50_us, p99_us, p999_us].map((time) => time.toFixed(1));
      lines.push(row(loops[what], size.toLocaleString('en-US'), ...times, ratio));
    }
  }
  return lines;
}

export function nativeReport(run) {
  const figures = medians(run.benches);
  const { machine } = run;
  return [
    '# Native benchmarks',
    '',
    '<!-- written by bench/native/report.mjs from bench/results/native.json: do not edit -->',
    '',
    'The native core by itself, without Node. Figures are medians over interleaved repetitions; they',
    'belong to this machine and this hour: read the ratios.',
    '',
    `Taken with \`${run.command}\` on ${run.date.slice(0, 10)}, ${run.seconds} s:`,
    `${machine.processor}, ${machine.cores} cores, ${machine.system}, ${machine.fileSystem};`,
    `load average ${run.load[0]} before and ${run.load[1]} behind it.`,
    '',
    '## Commits beside the disk',
    '',
    'One record a commit, the next when it is durable, on zero-filled files. The raw loops write the',
    'same number of bytes (direct ones: whole blocks) and make them durable, and do nothing else; a',
    'commit that is waited for goes through the hand-over, the writer’s thread and back: what the way to',
    'another thread and back costs by itself has a row of its own. Small ones of a thread that waits as an',
    'event loop does are begun and ended by it, as those of JavaScript are.',
    '',
    ...commits(figures),
    '',
    '## CRC32C',
    '',
    ...checksums(figures),
    '',
    '## Frames in memory',
    '',
    ...frames(figures),
    '',
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const root = dirname(dirname(import.meta.dirname));
  const run = JSON.parse(readFileSync(join(root, 'bench', 'results', 'native.json'), 'utf8'));
  writeFileSync(join(root, 'docs', 'benchmarks-native.md'), nativeReport(run));
}
