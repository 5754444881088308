// Makes docs/benchmarks-growth.md of a run: `node bench/js/growth/report.mjs` makes it anew from
// bench/results/growth.json, and growth.mjs at the end of a run.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../test/campaign/support.mjs';
import { table } from './markdown.mjs';
import { parts } from './parts.mjs';
import { targetTable } from './targets.mjs';

const percent = (share) => `${Math.round(share * 100)} %`;

export function growthReport(run) {
  const { machine, settings } = run;
  const taken = parts.filter(({ name }) => run.parts[name] !== undefined);
  const targets = taken.flatMap((part) => part.targets(run.parts[part.name].figures));
  const others = taken.map(({ name }) => run.parts[name].others);
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    '# Growth and reading',
    '',
    '<!-- written by bench/js/growth/report.mjs from bench/results/growth.json: do not edit -->',
    '',
    'What becomes of tidemark as journals, threads and followers grow, and how fast it reads. Everything',
    'runs in processes of its own. What is compared is taken in turn, in rounds; a ratio is taken inside',
    'a round, and the figure is the median of the rounds, in brackets their middle half. Absolute numbers',
    'belong to this machine and this hour.',
    '',
    `Taken with \`${run.command}\` on ${run.date.slice(0, 10)}, ${run.seconds} s, ${settings.rounds} rounds:`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system},`,
    `Node ${machine.node}, ${machine.fileSystem}${machine.scheduling && `, run under ${machine.scheduling}`}`,
    `(${versions.join(', ')}). Other programs used ${percent(Math.min(...others))} to ${percent(Math.max(...others))}`,
    'of the processors meanwhile (at the end of the page by part).',
    ...(settings.scale === 1
      ? []
      : [`**Not the full run**: numbers of records times ${settings.scale}.`]),
    '',
  ];
  if (targets.length > 0) lines.push('## Targets', '', ...targetTable(targets), '');
  for (const part of taken) {
    lines.push(`## ${part.title}`, '', ...part.section(run.parts[part.name].figures), '');
  }
  lines.push(
    '## The machine meanwhile',
    '',
    '"Others" is the share of all processors that other programs used.',
    '',
    ...table(
      ['part', 'seconds', 'load average before', 'behind', 'others'],
      taken.map(({ name, title }) => {
        const { seconds, load, others } = run.parts[name];
        return [title, seconds, load[0], load[1], percent(others)];
      }),
    ),
    '',
  );
  return lines.join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const run = JSON.parse(readFileSync(join(root, 'bench', 'results', 'growth.json'), 'utf8'));
  writeFileSync(join(root, 'docs', 'benchmarks-growth.md'), growthReport(run));
}
