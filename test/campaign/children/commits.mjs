// So many callers, each of which commits the next event when its last one is done: on a state, and on
// a journal of its own with the same events. By turns, so that both meet the same machine.
import { join } from 'node:path';
import { DurableState, Journal } from '../../../dist/index.mjs';
import { answer, childInput, median } from '../support.mjs';

const { directory, callers, rounds, milliseconds } = childInput();

async function round(commit) {
  const end = performance.now() + milliseconds;
  let done = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      while (performance.now() < end) {
        await commit({ account: `account ${caller}`, amount: 1 });
        done += 1;
      }
    }),
  );
  return { done, rate: done / ((performance.now() - begun) / 1000) };
}

const journal = await Journal.open(join(directory, 'journal'));
const state = await DurableState.open(join(directory, 'state'), {
  initial: () => new Map(),
  apply: (balances, { account, amount }) => {
    balances.set(account, (balances.get(account) ?? 0) + amount);
  },
  checkpoint: {},
});
const forms = {
  journal: (event) => journal.append(event),
  state: (event) => state.commit(event),
};
let committed = 0;
const perSecond = { journal: [], state: [] };
for (let turn = -1; turn < rounds; turn += 1) {
  const order = turn % 2 === 0 ? ['journal', 'state'] : ['state', 'journal'];
  for (const form of order) {
    const { done, rate } = await round(forms[form]);
    if (form === 'state') committed += done;
    if (turn >= 0) perSecond[form].push(rate); // the first turn warms up
  }
}
const applied = [...state.value.values()].reduce((sum, amount) => sum + amount, 0);
await state.close();
await journal.close();
const ratios = perSecond.state.map((rate, turn) => rate / perSecond.journal[turn]);
answer({
  callers,
  journalPerSecond: Math.round(median(perSecond.journal)),
  statePerSecond: Math.round(median(perSecond.state)),
  ratio: Math.round(median(ratios) * 1000) / 1000,
  committed,
  applied,
});
