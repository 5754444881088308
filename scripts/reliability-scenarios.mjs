// The table of docs/reliability.md that goes from scenario to outcome, tests and result. Results are
// those of the last `npm test`, which leaves them in build/reports; without one they are "not run".
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenarios } from '../test/scenarios/lists.mjs';
import { root } from './tools.mjs';

/** What became of each test in the last run: "file\ntitle" → worst status of all builds. */
export function lastResults(directory = join(root, 'build', 'reports')) {
  const worst = ['skipped', 'passed', 'failed'];
  const results = new Map();
  const note = (file, title, status) => {
    const key = `${file}\n${title}`;
    const before = results.get(key);
    if (!before || worst.indexOf(status) > worst.indexOf(before)) results.set(key, status);
  };
  if (!existsSync(directory)) return results;
  for (const name of readdirSync(directory)) {
    const text = readFileSync(join(directory, name), 'utf8');
    if (name.startsWith('vitest-')) {
      for (const { name: path, assertionResults } of JSON.parse(text).testResults) {
        for (const { title, status } of assertionResults)
          note(
            path.slice(path.indexOf('test/')),
            title,
            worst.includes(status) ? status : 'skipped',
          );
      }
      continue;
    }
    for (const line of text.split('\n').filter(Boolean)) {
      const { file, name: title, status } = JSON.parse(line);
      note(file.slice(file.indexOf('test/')), title, status);
    }
  }
  return results;
}

/** The titles that a table of cases gives: `%s` and the like, and `$name`, stand for anything. */
function casesOf(title) {
  const literal = title.replaceAll(/[.*+?^{}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll(/%[a-z]|\$\w+/g, '.*')}$`, 's');
}

function statusesOf(results, { file, title }) {
  const status = results.get(`${file}\n${title}`);
  if (status !== undefined) return [status];
  const cases = casesOf(`${file}\n${title}`);
  const found = [...results].filter(([key]) => cases.test(key)).map(([, of]) => of);
  return found.length > 0 ? found : ['not run'];
}

const cell = (text) => text.replaceAll('|', '\\|');

/** The table in Markdown. */
export function reliabilityTable(results = lastResults()) {
  const lines = [
    '| scenario | what it says | what tidemark does | shown by | result |',
    '| --- | --- | --- | --- | --- |',
  ];
  for (const { id, says, outcome, tests, notApplicable } of scenarios) {
    if (notApplicable) {
      lines.push(`| ${id} | ${cell(says)} | does not apply: ${cell(notApplicable)} | | |`);
      continue;
    }
    const statuses = tests.flatMap((test) => statusesOf(results, test));
    const result = ['failed', 'not run', 'skipped', 'passed'].find((one) => statuses.includes(one));
    const shown = tests.map(({ file, title }) => `${cell(title)} (\`${file}\`)`).join('; ');
    lines.push(`| ${id} | ${cell(says)} | ${cell(outcome)} | ${shown} | ${result} |`);
  }
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === import.meta.filename) process.stdout.write(reliabilityTable());
