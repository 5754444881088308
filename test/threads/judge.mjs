// What is wrong with the journals that a storm left behind, by the ledgers beside them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Journal, verify } from '../../dist/index.mjs';
import { History, runOfLine } from '../support/oracle.mjs';

const SUFFIX = '.ledger';

/** { submitted: by → k, acknowledged: runs } */
export function readLedger(text) {
  const submitted = new Map();
  const acknowledged = [];
  for (const line of text.split('\n')) {
    const [word] = line.split(' ', 1);
    const rest = line.slice(word.length + 1);
    if (word === 'submit') {
      const [by, k] = rest.split(' ');
      submitted.set(by, Number(k));
    } else if (word === 'acknowledged') {
      acknowledged.push(runOfLine(rest));
    }
  }
  return { submitted, acknowledged };
}

export function judgeLedger({ submitted, acknowledged }, history) {
  history.expect(acknowledged, 'acknowledged');
  for (const by of history.producers()) {
    const reached = history.reached(by);
    const most = submitted.get(by) ?? 0;
    if (reached > most) history.problem(`${by} appended ${most} records, ${reached} are there`);
  }
}

async function judgeJournal(path, ledger) {
  const history = new History();
  const reader = await Journal.open(path, { readOnly: true });
  await history.read(reader);
  await reader.close();
  judgeLedger(ledger, history);
  // The writing open shows what the reading one showed, and leaves nothing to complain of.
  const writer = await Journal.open(path);
  await history.read(writer);
  if (writer.lastSeq !== history.lastSeq) {
    history.problem(`reading showed ${history.lastSeq}, writing shows ${writer.lastSeq}`);
  }
  await writer.close();
  const report = await verify(path);
  for (const { detail } of report.problems) history.problem(`verify: ${detail}`);
  return history.problems;
}

/** { problems, acknowledged }: in sentences, and how many records were acknowledged. */
export async function judgeDirectory(directory) {
  const problems = [];
  let acknowledged = 0;
  for (const name of readdirSync(directory).filter((one) => one.endsWith(SUFFIX))) {
    const journal = name.slice(0, -SUFFIX.length);
    const ledger = readLedger(readFileSync(join(directory, name), 'latin1'));
    for (const { count } of ledger.acknowledged) acknowledged += count;
    const found = await judgeJournal(join(directory, journal), ledger);
    problems.push(...found.map((problem) => `${journal}: ${problem}`));
  }
  return { problems, acknowledged };
}
