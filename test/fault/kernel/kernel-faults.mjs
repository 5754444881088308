// The part of the campaign that goes through the shipped binary against the real kernel: every call of
// a writer in turn fails in every way, lies or is its last, until a run completes without a hit; and file
// systems die under it, again and again.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claim } from '../../campaign/support.mjs';
import {
  atATime,
  faults,
  injectAt,
  lieAt,
  makeKilled,
  nameOf,
  startsOf,
  whyNot,
} from './injections.mjs';
import { compileFaults, compileGodown, whyNoShutdown } from './needs.mjs';
import { play } from './scene.mjs';

const AT_A_TIME = 2;
/** Less is left than a loop or a life may take: it is not begun. */
const LOOP_MS = 40_000;
/** No session makes as many calls of a kind; a loop that comes here does not end. */
const MOST_CALLS = 200;
const lieBytes = [8, 40, 512];

/**
 * What is looped over, by name: each gives `at(n)`, which runs the n-th and says what it hit. `why`: by
 * mode, why its sessions cannot run.
 */
function loopsOf(places, why) {
  const some = faults.filter(({ mode }) => why[mode] === undefined);
  const loops = some.flatMap((fault) =>
    startsOf(fault).map((start) => ({
      name: `${nameOf(fault)}, ${start}`,
      row: [fault.call, fault.what],
      at: (n) => injectAt({ fault, n, start }, places),
    })),
  );
  const lies = lieBytes.map((bytes) => ({
    name: `lie ${bytes}`,
    row: ['pwritev', `writes nothing, says ${bytes} bytes`],
    at: (n) => lieAt({ bytes, n }, places),
  }));
  return [...loops, ...lies];
}

/** Every n from 1, until one hits nothing. */
async function loop({ row, at }) {
  const told = { row, runs: 0, hits: 0, told: {}, problems: [] };
  for (let n = 1; n <= MOST_CALLS; n += AT_A_TIME) {
    const some = Array.from({ length: AT_A_TIME }, (_, index) => n + index);
    const results = await atATime(AT_A_TIME, some, at);
    for (const { hits, codes = [], named, problems } of results) {
      told.runs += 1;
      if (hits > 0) told.hits += 1;
      for (const one of named === undefined ? codes : [named]) {
        told.told[one] = (told.told[one] ?? 0) + 1;
      }
      told.problems.push(...problems);
    }
    if (results.some(({ hits }) => hits === 0) || told.problems.length > 0) return told;
  }
  told.problems.push(`the ${MOST_CALLS}th call was still hit`);
  return told;
}

const modes = ['default', 'logflush', 'nologflush'];
const kinds = ['ext4', 'xfs'];

/**
 * @typedef {{ claim: string, holds: boolean, measured: unknown, bound: unknown }} Claim
 * @returns {Promise<{ figures: unknown, claims: Claim[] }>} or { unfinished: true }
 */
export async function kernelFaults(sizes) {
  const { directory, deaths, seed, deadline = Number.POSITIVE_INFINITY, saved } = sizes;
  const { log = () => {} } = sizes;
  const state = saved?.read() ?? { loops: {}, deaths: {} };
  const skipped = {};
  const isLate = () => Date.now() + LOOP_MS > deadline;
  const why = whyNot();
  for (const [mode, reason] of Object.entries(why)) {
    if (reason !== undefined) skipped[`failing calls of ${mode} writes`] = reason;
  }
  if (why.buffered === undefined) {
    const places = { directory: join(directory, 'runs'), killed: join(directory, 'killed') };
    if (why.direct === undefined) places.faults = compileFaults(directory);
    const made = await makeKilled(places.killed);
    if (made.problems.length > 0) throw new Error(made.problems.join('\n'));
    for (const one of loopsOf(places, why)) {
      if (state.loops[one.name] !== undefined) continue;
      if (isLate()) return { unfinished: true };
      state.loops[one.name] = await loop(one);
      saved?.write(state);
      const { runs, hits, problems } = state.loops[one.name];
      log(`${one.name}: ${runs} runs, ${hits} hits, ${problems.length} problems`);
    }
  }
  for (const kind of kinds) {
    const reason = whyNoShutdown(kind);
    if (reason !== undefined) {
      skipped[`${kind} that dies`] = reason;
      continue;
    }
    for (const mode of modes) {
      const name = `${kind}, ${mode}`;
      if (state.deaths[name] !== undefined) continue;
      if (isLate()) return { unfinished: true };
      state.deaths[name] = await die(directory, { kind, mode, rounds: deaths, seed });
      saved?.write(state);
      log(`${name}: ${state.deaths[name].figures.rounds} deaths`);
    }
  }
  return { figures: figuresOf(state, skipped), claims: claimsOf(state) };
}

async function die(directory, { kind, mode, rounds, seed }) {
  const base = join(directory, `${kind}-${mode}`);
  mkdirSync(base, { recursive: true });
  const godown = compileGodown(base);
  const seen = await play('dying-disk', { base, kind, mode, godown, rounds, seed });
  rmSync(base, { recursive: true, force: true });
  return seen;
}

function figuresOf(state, skipped) {
  const rows = new Map();
  for (const { row, runs, hits, told } of Object.values(state.loops)) {
    const key = row.join();
    const sum = rows.get(key) ?? { call: row[0], what: row[1], runs: 0, hits: 0, told: {} };
    sum.runs += runs;
    sum.hits += hits;
    for (const [code, count] of Object.entries(told)) {
      sum.told[code] = (sum.told[code] ?? 0) + count;
    }
    rows.set(key, sum);
  }
  const deaths = Object.entries(state.deaths).map(([name, { figures }]) => [name, figures]);
  return {
    failingCalls: [...rows.values()],
    deaths: Object.fromEntries(deaths),
    skipped,
    problems: problemsOf(state),
  };
}

const problemsOf = (state) =>
  [...Object.values(state.loops), ...Object.values(state.deaths)].flatMap(
    ({ problems }) => problems,
  );

function claimsOf(state) {
  const problems = problemsOf(state);
  const loops = Object.values(state.loops);
  const missed = loops.filter(({ hits }) => hits === 0).length;
  return [
    claim(
      'nothing acknowledged is lost, errors are typed and their outcome holds',
      problems.length === 0,
      problems.length,
      0,
    ),
    ...(loops.length > 0
      ? [claim('every kind of fault has hit a call, from each start', missed === 0, missed, 0)]
      : []),
  ];
}

const row = (cells) => `| ${cells.join(' | ')} |`;
const counts = (object) =>
  Object.entries(object)
    .map(([key, value]) => `${key.replace('ERR_TIDEMARK_', '')} ${value}`)
    .join(', ');

/** The figures as lines of Markdown. */
export function kernelFaultsTable({ failingCalls, deaths, skipped }) {
  return [
    row(['call', 'what is done to it', 'runs', 'calls hit', 'runs in which was told']),
    row(['', '', '', '', ''].map(() => '---')),
    ...failingCalls.map(({ call, what, runs, hits, told }) =>
      row([`\`${call}\``, what, runs, hits, counts(told)]),
    ),
    '',
    'Each from an empty directory and from the journal of a killed writer, the n-th call of every thread,',
    'n = 1, 2, … until none was hit; once, and then every one from the n-th.',
    '',
    row(['file system shut down under the writer', 'deaths', 'acknowledged', 'refused', 'tails']),
    row(['', '', '', '', ''].map(() => '---')),
    ...Object.entries(deaths).map(([name, { rounds, acknowledged, refused, tails }]) =>
      row([name, rounds, acknowledged, refused, counts(tails)]),
    ),
    ...Object.entries(skipped).map(([what, reason]) => `\nSkipped: ${what} (${reason}).`),
  ];
}
