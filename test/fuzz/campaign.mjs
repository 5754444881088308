// The fuzz targets under libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer, so many CPU
// seconds each, one after the other, in pieces: what was found before is where the next piece begins.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cmakeBuild } from '../../scripts/runners.mjs';
import { claim, root } from '../campaign/support.mjs';

/** A longer piece is divided, so that little is lost when the campaign is stopped. */
const PIECE_SECONDS = 280;
/** Less is left than a piece is worth: it is not begun. */
const LEAST_PIECE_SECONDS = 20;
/** Bytes of an input, and what a decoder may allocate at once for it. */
const MOST_INPUT_BYTES = 2048;
const MOST_MALLOC_MIB = 16;

const directory = join(root, 'build', 'fuzz');
export const keptCorpus = (target) => join(root, 'test', 'fuzz', 'corpus', target);
const foundCorpus = (target) => join(directory, 'found', target);

/** Builds the program; false without clang. */
export const buildFuzzer = () =>
  cmakeBuild(
    'fuzz',
    { CMAKE_CXX_COMPILER: 'clang++', TIDEMARK_SANITIZE: 'address,undefined,fuzzer-no-link' },
    ['fuzz'],
  );

/** Runs it; resolves with { code, output }. */
export function runFuzzer(args, { show = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(directory, 'fuzz'), args, {
      cwd: directory,
      stdio: ['ignore', show ? 'inherit' : 'ignore', show ? 'inherit' : 'pipe'],
      // Freed memory is kept to catch a late use, but not more of it than a piece needs.
      env: { ...process.env, ASAN_OPTIONS: 'quarantine_size_mb=32' },
    });
    let output = '';
    child.stderr?.setEncoding('latin1').on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

/** The names of the targets, as the program lists them when it is asked for none. */
export async function fuzzTargets() {
  const { output } = await runFuzzer([]);
  return /must be one of: (.*)/.exec(output)[1].split(' ');
}

/** Where a target goes on: what was found before, what is kept, and its seeds. */
export async function corporaOf(target) {
  mkdirSync(foundCorpus(target), { recursive: true });
  await runFuzzer([`--target=${target}`, `--seeds=${foundCorpus(target)}`]);
  return [foundCorpus(target), ...(existsSync(keptCorpus(target)) ? [keptCorpus(target)] : [])];
}

export const limits = [
  ...['-timeout=10', '-rss_limit_mb=2048', `-malloc_limit_mb=${MOST_MALLOC_MIB}`],
  `-max_len=${MOST_INPUT_BYTES}`,
];

const number = (pattern, text) => Number(pattern.exec(text)?.[1] ?? 0);

/** One piece of one target. */
async function piece(target, seconds) {
  const crashes = join(directory, 'crashes');
  mkdirSync(crashes, { recursive: true });
  const before = new Set(readdirSync(crashes));
  const { code, output } = await runFuzzer([
    ...[`--target=${target}`, ...limits, `-max_total_time=${seconds}`],
    ...['-print_final_stats=1', '-verbosity=1', `-artifact_prefix=${crashes}/${target}-`],
    ...(await corporaOf(target)),
  ]);
  return {
    crashes: readdirSync(crashes).filter((name) => !before.has(name)),
    failed: code !== 0,
    words: code === 0 ? '' : output.split('\n').slice(-40).join('\n'),
    executions: number(/stat::number_of_executed_units: (\d+)/, output),
    newUnits: number(/stat::new_units_added: +(\d+)/, output),
    peakMiB: number(/stat::peak_rss_mb: +(\d+)/, output),
    taken: number(/^taken (\d+) of/m, output),
    cpuSeconds: number(/([\d.]+) CPU seconds$/m, output),
    edges: number(/DONE +cov: (\d+)/, output),
    features: number(/DONE +cov: \d+ ft: (\d+)/, output),
    units: number(/DONE .* corp: (\d+)\//, output),
  };
}

const nothing = () => ({
  ...{ cpuSeconds: 0, executions: 0, taken: 0, newUnits: 0, peakMiB: 0 },
  ...{ edges: 0, features: 0, units: 0, failed: false, crashes: [] },
});

function addPiece(state, done) {
  for (const field of ['cpuSeconds', 'executions', 'taken', 'newUnits']) {
    state[field] = Math.round((state[field] + done[field]) * 100) / 100;
  }
  for (const field of ['edges', 'features', 'units', 'peakMiB']) {
    state[field] = Math.max(state[field], done[field]);
  }
  state.failed ||= done.failed;
  state.crashes.push(...done.crashes);
}

/** @param cpuSeconds of each target */
export async function fuzz({ cpuSeconds, deadline = Infinity, saved, only, log = () => {} }) {
  if (!(await buildFuzzer())) throw new Error('the fuzz targets cannot be built: they need clang');
  const targets = (await fuzzTargets()).filter((name) => only?.includes(name) ?? true);
  const state = saved?.read() ?? {};
  for (const target of targets) {
    state[target] ??= nothing();
    while (state[target].cpuSeconds < cpuSeconds && !state[target].failed) {
      const left = Math.min(
        PIECE_SECONDS,
        Math.ceil(cpuSeconds - state[target].cpuSeconds),
        Math.floor((deadline - Date.now()) / 1000),
      );
      if (deadline - Date.now() < LEAST_PIECE_SECONDS * 1000) return { unfinished: true };
      const done = await piece(target, left);
      addPiece(state[target], done);
      if (done.failed) log(`${target} FAILED\n${done.words}`);
      saved?.write(state);
      const { cpuSeconds: so, executions, edges } = state[target];
      log(`${target}: ${so} CPU seconds, ${executions} executions, ${edges} edges`);
    }
  }
  const results = targets.map((name) => ({ name, ...state[name] }));
  const broken = results.filter(({ failed }) => failed).map(({ name }) => name);
  const idle = results.filter(({ taken }) => taken === 0).map(({ name }) => name);
  const least = Math.min(...results.map((one) => one.cpuSeconds));
  return {
    figures: { targets: results },
    claims: [
      claim(
        'every property of every decoder holds, without a crash',
        broken.length === 0,
        broken,
        [],
      ),
      claim('CPU seconds of each target', least >= cpuSeconds, least, cpuSeconds),
      claim('every decoder takes inputs, behind their checksums', idle.length === 0, idle, []),
    ],
  };
}

/** Markdown lines for the page of reliability. */
export function fuzzTable({ targets }) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const count = (value) => value.toLocaleString('en-US');
  return [
    'Taken: executions whose input the decoder took as sound, so that every property was held against what',
    'it gave. Found: inputs that reached something new, beside the kept ones.',
    '',
    row(['target', 'CPU minutes', 'executions', 'taken', 'edges', 'features', 'found', 'crashes']),
    row(['---', ...Array(7).fill('---:')]),
    ...targets.map((one) =>
      row([
        `\`${one.name}\``,
        (one.cpuSeconds / 60).toFixed(1),
        ...[one.executions, one.taken, one.edges, one.features, one.newUnits].map(count),
        count(one.crashes.length),
      ]),
    ),
  ];
}
