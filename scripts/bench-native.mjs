// `npm run bench:native`: the checksum kernels, frames in memory, and commits beside what the disk
// itself needs, under google-benchmark. Repetitions are interleaved at random; ratios are taken of
// medians over them. Writes bench/results/native.json and docs/benchmarks-native.md.
//   --repetitions N   (default 5)
//   --min-time S      seconds that one repetition of a bench takes at least (default 0.2)
//   --dir D           where the files are made (default build/bench)
//   --filter RE       only these benches, and only to the terminal
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load, machine } from '../bench/js/machine.mjs';
import { nativeReport } from '../bench/native/report.mjs';
import { cmakeBuild } from './runners.mjs';
import { root } from './tools.mjs';

const { values: options } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '5' },
    'min-time': { type: 'string', default: '0.2' },
    dir: { type: 'string', default: join(root, 'build', 'bench') },
    filter: { type: 'string' },
  },
});
// Each file alone, as node-gyp compiles what is shipped: nothing is inlined across files.
const settings = { TIDEMARK_TESTS: 'OFF', TIDEMARK_BENCH: 'ON', CMAKE_UNITY_BUILD: 'OFF' };
if (!(await cmakeBuild('native-bench', settings, ['native_bench']))) {
  console.error('the benches need google-benchmark (Debian: libbenchmark-dev), cmake and ninja');
  process.exit(1);
}
mkdirSync(options.dir, { recursive: true });
const out = join(options.dir, 'native.json');
const begin = new Date();
const loadBefore = load();
const { status } = spawnSync(
  join(root, 'build', 'native-bench', 'native_bench'),
  [
    `--benchmark_repetitions=${options.repetitions}`,
    `--benchmark_min_time=${options['min-time']}`,
    '--benchmark_enable_random_interleaving=true',
    '--benchmark_display_aggregates_only=true',
    `--benchmark_out=${out}`,
    '--benchmark_out_format=json',
    ...(options.filter === undefined ? [] : [`--benchmark_filter=${options.filter}`]),
  ],
  { stdio: 'inherit', env: { ...process.env, TIDEMARK_BENCH_DIR: options.dir } },
);
if (status !== 0) process.exit(1);
if (options.filter === undefined) {
  // The library writes NaN, which JSON has not, for the variation of what is always 0.
  const { benchmarks } = JSON.parse(readFileSync(out, 'utf8').replace(/: NaN\b/g, ': null'));
  const run = {
    command: `npm run bench:native -- --repetitions ${options.repetitions}`,
    date: begin.toISOString(),
    seconds: Math.round((Date.now() - begin.getTime()) / 1000),
    load: [loadBefore, load()],
    machine: machine(options.dir),
    benches: benchmarks
      .filter(({ run_type }) => run_type === 'iteration')
      .map((one) => ({
        name: one.run_name,
        nanoseconds: one.real_time * { ns: 1, us: 1e3, ms: 1e6 }[one.time_unit],
        ...Object.fromEntries(
          ['bytes_per_second', 'items_per_second', 'allocations', 'p50_us', 'p99_us', 'p999_us']
            .filter((key) => one[key] !== undefined)
            .map((key) => [key, one[key]]),
        ),
        ...(one.error_occurred ? { error: one.error_message } : {}),
      })),
  };
  writeFileSync(join(root, 'bench', 'results', 'native.json'), `${JSON.stringify(run, null, 1)}\n`);
  writeFileSync(join(root, 'docs', 'benchmarks-native.md'), nativeReport(run));
}
rmSync(out, { force: true });
