// What a storm writes down beside each of its journals, in <journal>.ledger: which records it was about
// to append, and which were acknowledged. Every thread has its own descriptor, opened for appending: a
// line is in the file when its call returns, whatever becomes of the process then.
import { openSync, writeSync } from 'node:fs';
import { runToLine } from '../../support/oracle.mjs';

export const ledgerOf = (journal) => `${journal}.ledger`;

/** The `tell` of load.mjs. */
export function openLedger(journal) {
  const file = openSync(ledgerOf(journal), 'a');
  return {
    submit: (by, k) => writeSync(file, `submit ${by} ${k}\n`),
    handed() {},
    acknowledged(runs) {
      writeSync(file, runs.map((run) => `acknowledged ${runToLine(run)}\n`).join(''));
    },
  };
}
