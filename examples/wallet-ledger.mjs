// A ledger of accounts that never go below zero. Every movement is an event in a journal; the balances
// are a state, which is there again after a restart, however the program ended.
//
//   node wallet-ledger.mjs LEDGER deposit ann 50
//   node wallet-ledger.mjs LEDGER transfer ann bob 20
//   node wallet-ledger.mjs LEDGER balances
import { DurableState } from 'tidemark';

const [directory, command, ...rest] = process.argv.slice(2);
const amount = Number(rest.at(-1));
const wrong =
  !['deposit', 'transfer', 'balances'].includes(command) ||
  rest.length !== { deposit: 2, transfer: 3, balances: 0 }[command] ||
  (rest.length > 0 && !(Number.isSafeInteger(amount) && amount > 0));
if (directory === undefined || wrong) {
  console.error('usage: wallet-ledger.mjs LEDGER deposit TO N | transfer FROM TO N | balances');
  process.exit(64);
}

const ledger = await DurableState.open(directory, {
  initial: () => new Map(),
  apply: (balances, { from, to, amount }) => {
    if (from !== undefined) balances.set(from, balances.get(from) - amount);
    balances.set(to, (balances.get(to) ?? 0) + amount);
  },
});

if (command === 'deposit') {
  await ledger.commit({ to: rest[0], amount });
} else if (command === 'transfer') {
  const [from, to] = rest;
  // Decided on the latest balances: no other transfer comes in between.
  const done = await ledger.transact((balances) =>
    (balances.get(from) ?? 0) >= amount ? [{ from, to, amount }] : [],
  );
  if (done === undefined) {
    console.error(`${from} does not have ${amount}`);
    process.exitCode = 1;
  }
}
for (const [account, balance] of ledger.value) console.log(`${account}: ${balance}`);
await ledger.close();
