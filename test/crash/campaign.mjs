// The crash explorer in its long form: scripts/crash.mjs is the command for one run by hand.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTargets, plain } from '../../scripts/native-builds.mjs';
import { claim, root } from '../campaign/support.mjs';

/**
 * Rows of the recovery table that a cut can lead to; the others refuse, or need rot: all of them are
 * met in test/bytes/rows.test.cpp.
 */
const rowsOfCuts = 'KLMNOPUY';

/** @param cpuMinutes the states are there within so much processor time: ten minutes on two cores */
export async function crash({ directory, states, cpuMinutes, seed, threads, log = () => {} }) {
  if (!(await buildTargets(plain, ['crash']))) throw new Error('the explorer does not build');
  const file = join(directory, 'crash.json');
  const begin = Date.now();
  const { status } = spawnSync(
    join(root, 'build', 'native', 'crash'),
    [
      ...['--states', `${states}`, '--seed', `${seed}`],
      ...['--threads', `${threads}`, '--json', file],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const seconds = Math.round((Date.now() - begin) / 1000);
  const { violations, workloads, rows, ...figures } = JSON.parse(readFileSync(file, 'utf8'));
  const cpuSeconds = Math.round(figures.cpuSeconds);
  log(`${figures.states} states in ${cpuSeconds} CPU seconds, ${violations.length} violations`);
  const hit = Object.keys(rows).sort().join('');
  return {
    figures: { ...figures, cpuSeconds, seconds, threads, rows, workloads, violations },
    claims: [
      claim(
        'no legal cut loses, invents or hides a record',
        violations.length === 0 && status === 0,
        violations.length,
        0,
      ),
      claim('distinct states', figures.states >= states, figures.states, states),
      claim(
        'CPU seconds that they took, of ten minutes on two cores',
        cpuSeconds <= cpuMinutes * 60,
        cpuSeconds,
        cpuMinutes * 60,
      ),
      claim('every workload was explored to its end', figures.complete, figures.complete, true),
      claim(
        'every row of the recovery table that a cut can lead to decided, and no other one',
        hit === rowsOfCuts,
        hit,
        rowsOfCuts,
      ),
    ],
  };
}

/** Markdown lines for the page of reliability. */
export function crashTable({ states, images, rounds, cpuSeconds, threads, rows, workloads }) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const count = (value) => value.toLocaleString('en-US');
  const letters = Object.keys(rows).sort();
  return [
    `${count(states)} states in ${count(cpuSeconds)} s of processor time, with ${threads} threads (${count(images)}`,
    `durable images; a state is an image and what was promised about it), in ${count(rounds)} rounds. Equal ones are counted`,
    'once, however often they are reached. Cuts: states behind one cut, a second one in recovery, a third one in the',
    'recovery of that.',
    '',
    row(['workload', 'cut points', 'in recovery', 'states', '1 cut', '2 cuts', '3 cuts']),
    row(['---', ...Array(6).fill('---:')]),
    ...workloads.map((one) =>
      row([
        `\`${one.name}\``,
        ...[one.cutPoints, one.recoveryCutPoints, one.states, ...one.byCuts].map(count),
      ]),
    ),
    '',
    'How often each row of the [recovery table](recovery.md) decided, by workload. No cut leads to another row: they',
    'need damage, a device that fails, or a newer version. `test/bytes/rows.test.cpp` makes every one of the 25 decide.',
    '',
    row(['workload', ...letters]),
    row(['---', ...letters.map(() => '---:')]),
    ...workloads.map((one) =>
      row([`\`${one.name}\``, ...letters.map((letter) => count(one.rows[letter] ?? 0))]),
    ),
    row(['all', ...letters.map((letter) => count(rows[letter]))]),
  ];
}
