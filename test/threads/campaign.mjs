// The long form of the storms: every storm on every pinned runtime with every form of the addon, in
// rounds with other seeds, so that a campaign can stop in between and go on later.
import { claim } from '../campaign/support.mjs';
import { asan, plain, tsan } from './forms.mjs';
import { runStorm } from './run.mjs';
import { pinned, whyNot } from './runtimes.mjs';
import { storms } from './storms/list.mjs';

const forms = [plain, tsan, asan];

/** Where a form cannot be run on a runtime, with the reason; the rest in order. */
async function plan() {
  const runnable = [];
  const skipped = [];
  for (const form of forms) {
    for (const runtime of pinned) {
      const skip = (why) => skipped.push({ form: form.name, runtime: runtime.name, why });
      const why = whyNot(runtime) ?? form.whyNot(runtime);
      if (why !== undefined) {
        skip(why);
        continue;
      }
      const names = Object.keys(storms).filter((name) => {
        const whyNotThis = form.whyNotStorm(runtime, name);
        if (whyNotThis !== undefined) skip(`${name}: ${whyNotThis}`);
        return whyNotThis === undefined;
      });
      runnable.push({ form, runtime, names });
    }
  }
  for (const form of forms.filter((one) => runnable.some(({ form }) => form === one))) {
    await form.prepare();
  }
  return { runnable, skipped };
}

const newCell = () => ({ runs: 0, records: 0, reports: 0, seconds: 0 });

function claimsOf({ cells, problems }) {
  const all = Object.values(cells).flatMap((byRuntime) => Object.values(byRuntime));
  const runs = all.flatMap((byStorm) => Object.values(byStorm)).map((cell) => cell.runs);
  return [
    claim(
      'every process ended as its storm says, and nothing acknowledged is missing, out of order or invented',
      problems.length === 0,
      problems.length,
      0,
    ),
    claim(
      'no sanitizer reported anything',
      all.flatMap((byStorm) => Object.values(byStorm)).every((cell) => cell.reports === 0),
      all.flatMap((byStorm) => Object.values(byStorm)).reduce((sum, cell) => sum + cell.reports, 0),
      0,
    ),
    claim(
      'storms were run',
      runs.length > 0,
      runs.reduce((sum, one) => sum + one, 0),
      1,
    ),
  ];
}

export async function threads({ rounds, scale, seed, deadline, saved, log = () => {} }) {
  const { runnable, skipped } = await plan();
  const state = saved?.read() ?? { done: 0, cells: {}, problems: [] };
  const all = Array.from({ length: rounds }, (_, round) =>
    runnable.flatMap(({ names, ...pair }) =>
      names.map((name) => ({ ...pair, name, seed: seed + round })),
    ),
  ).flat();
  while (state.done < all.length && state.problems.length === 0) {
    if (deadline !== undefined && Date.now() > deadline) return { unfinished: true };
    const one = all[state.done];
    const begin = Date.now();
    const { problems, reports, acknowledged } = await runStorm({ ...one, scale });
    state.cells[one.form.name] ??= {};
    state.cells[one.form.name][one.runtime.name] ??= {};
    const byStorm = state.cells[one.form.name][one.runtime.name];
    byStorm[one.name] ??= newCell();
    const cell = byStorm[one.name];
    cell.runs += 1;
    cell.records += acknowledged;
    cell.reports += reports.length;
    cell.seconds = Math.round(cell.seconds + (Date.now() - begin) / 1000);
    const where = `${one.name} on ${one.runtime.name}, ${one.form.name}, seed ${one.seed}`;
    state.problems.push(...problems.map((problem) => `${where}: ${problem}`));
    state.done += 1;
    if (state.done % Object.keys(storms).length === 0) log(`${state.done} of ${all.length}`);
    saved?.write(state);
  }
  const { cells, problems } = state;
  return { figures: { rounds, cells, skipped, problems }, claims: claimsOf(state) };
}

const row = (...cells) => `| ${cells.join(' | ')} |`;
const count = (value) => value.toLocaleString('en-US');
const titles = { plain: 'as published', tsan: 'ThreadSanitizer', asan: 'AddressSanitizer' };

/** The figures as lines of Markdown. */
export function threadsTable({ cells, skipped, problems }) {
  const lines = [
    row('the addon', 'runtime', 'storms', 'runs', 'records acknowledged', 'reports'),
    row('---', '---', '---:', '---:', '---:', '---:'),
  ];
  for (const [form, byRuntime] of Object.entries(cells)) {
    for (const [runtime, byStorm] of Object.entries(byRuntime)) {
      const sum = (key) => Object.values(byStorm).reduce((total, cell) => total + cell[key], 0);
      lines.push(
        row(
          titles[form],
          runtime,
          Object.keys(byStorm).length,
          count(sum('runs')),
          count(sum('records')),
          count(sum('reports')),
        ),
      );
    }
  }
  for (const { form, runtime, why } of skipped) {
    lines.push(row(titles[form], runtime, `not run: ${why}`, '', '', ''));
  }
  return [
    ...lines,
    '',
    `The storms: ${Object.values(storms)
      .map(({ about }) => about)
      .join('; ')}.`,
    ...problems.map((problem) => `\n    ${problem.split('\n', 1)[0]}`),
  ];
}
