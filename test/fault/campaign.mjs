// The fault loops in their full form: every error with every effect at every call, one test case of
// the room after the other.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildTargets, plain } from '../../scripts/native-builds.mjs';
import { claim, root } from '../campaign/support.mjs';

const program = join(root, 'build', 'native', 'test_fault');

function listCases() {
  const { stdout } = spawnSync(program, ['--list-test-cases', '--no-colors=true'], {
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((line) => line !== '' && !/^(\[doctest\]|=+$)/.test(line));
}

/** What support/loop.cpp prints of a loop: of each kind of call its runs, hits, and what was felt. */
const loopLine = /^(.+?):((?: \w+ \d+\/\d+\/\d+)+); \d+ runs, \d+ hit, \d+ felt$/gm;
const kindPart = /(\w+) (\d+)\/(\d+)\/(\d+)/g;

export function readLoops(output) {
  return [...output.matchAll(loopLine)].map(([, name, parts]) => ({
    name,
    kinds: Object.fromEntries(
      [...parts.matchAll(kindPart)].map(([, kind, ...numbers]) => {
        const [runs, hits, felt] = numbers.map(Number);
        return [kind, { runs, hits, felt }];
      }),
    ),
  }));
}

/** No time limit: support/watchdog.hpp ends a run that hangs. In doctest's filters a comma divides, and a backslash keeps it from doing so. */
const filterOf = (name) => `--test-case=${name.replaceAll(',', '\\,')}`;

function runCase(name) {
  const { status, stdout } = spawnSync(program, [filterOf(name), '--no-colors=true'], {
    encoding: 'utf8',
    env: { ...process.env, TIDEMARK_FAULT_LOOPS: 'full' },
    maxBuffer: 2 ** 28,
  });
  return {
    name,
    passed: status === 0,
    loops: readLoops(stdout),
    words: status === 0 ? '' : stdout,
  };
}

/** The runs of each kind of call, over all loops. */
function byKind(loops) {
  const sums = {};
  for (const { kinds } of loops) {
    for (const [kind, counts] of Object.entries(kinds)) {
      sums[kind] ??= { runs: 0, hits: 0, felt: 0 };
      for (const what of Object.keys(counts)) sums[kind][what] += counts[what];
    }
  }
  return sums;
}

/** @param runs so many there must be */
export async function fault({ runs, deadline = Infinity, saved, log = () => {} }) {
  if (!(await buildTargets(plain, ['test_fault']))) throw new Error('test_fault does not build');
  const state = saved?.read() ?? [];
  const cases = listCases();
  for (const name of cases) {
    if (state.some((done) => done.name === name)) continue;
    if (Date.now() > deadline) return { unfinished: true };
    const begin = Date.now();
    const { words, ...done } = runCase(name);
    state.push({ ...done, seconds: Math.round((Date.now() - begin) / 100) / 10 });
    saved?.write(state);
    log(`${name}: ${done.passed ? 'passed' : `FAILED\n${words}`} (${state.at(-1).seconds} s)`);
  }
  const loops = state.flatMap((done) => done.loops);
  const kinds = byKind(loops);
  const all = Object.values(kinds).reduce((sum, kind) => sum + kind.runs, 0);
  const missed = loops.flatMap((loop) =>
    Object.entries(loop.kinds)
      .filter(([, { hits }]) => hits === 0)
      .map(([kind]) => `${loop.name}: ${kind}`),
  );
  const failed = state.filter((done) => !done.passed).map((done) => done.name);
  return {
    figures: { runs: all, kinds, loops, cases: state.map(({ loops: _, ...one }) => one) },
    claims: [
      claim('every failing call is borne, with a typed error', failed.length === 0, failed, []),
      claim('runs', all >= runs, all, runs),
      claim('every kind of call that a workload makes was hit', missed.length === 0, missed, []),
    ],
  };
}

/** Markdown lines for the page of reliability. */
export function faultTable({ runs, kinds, loops }) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const count = (value) => value.toLocaleString('en-US');
  const sum = (loop, what) => Object.values(loop.kinds).reduce((all, kind) => all + kind[what], 0);
  const lines = (name, of) => [
    row([name, 'runs', 'hit', 'felt']),
    row(['---', '---:', '---:', '---:']),
    ...of.map(([label, ...numbers]) => row([`\`${label}\``, ...numbers.map(count)])),
  ];
  return [
    `${count(runs)} runs, each with another failing call. Hit: the call was made. Felt: some call of the journal said`,
    'so; the others went on without it.',
    '',
    ...lines(
      'call',
      Object.entries(kinds).map(([kind, one]) => [kind, one.runs, one.hits, one.felt]),
    ),
    '',
    ...lines(
      'workload',
      loops.map((loop) => [loop.name, sum(loop, 'runs'), sum(loop, 'hits'), sum(loop, 'felt')]),
    ),
  ];
}
