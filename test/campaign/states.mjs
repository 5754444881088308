// States: commits beside those of a bare journal, and opening again after many events.
import { join } from 'node:path';
import { claim, median, runChild } from './support.mjs';

const LEAST_RATIO = 0.8;
const LONG_MS = 1000;
const OPENS = 3;

export async function stateCommits({ directory, callers, rounds, milliseconds, log = () => {} }) {
  const results = [];
  for (const count of callers) {
    const place = join(directory, String(count));
    const input = { directory: place, callers: count, rounds, milliseconds };
    const result = await runChild('commits', input);
    log(`${count} callers: ${result.statePerSecond} of ${result.journalPerSecond} a second`);
    results.push(result);
  }
  return {
    figures: { rounds, milliseconds, results },
    claims: [
      ...results.map((result) =>
        claim(
          `${result.callers} callers: every event is applied once`,
          result.applied === result.committed,
          result.applied,
          result.committed,
        ),
      ),
      // What a round of some milliseconds says of a machine is chance.
      ...(milliseconds < LONG_MS ? [] : results).map(({ callers: count, ratio }) =>
        claim(
          `${count} callers: within 20 % of the bare journal`,
          ratio >= LEAST_RATIO,
          ratio,
          LEAST_RATIO,
        ),
      ),
    ],
  };
}

export function stateCommitsTable({ rounds, milliseconds, results }) {
  const count = (value) => value.toLocaleString('en-US');
  return [
    `Every caller commits the next event when its last one is done; ${rounds} turns of ${milliseconds} ms of each`,
    'form, by turns. The ratio is the median of those of the turns.',
    '',
    '| callers | journal.append a second | state.commit a second | ratio |',
    '| ---: | ---: | ---: | ---: |',
    ...results.map(
      (one) =>
        `| ${count(one.callers)} | ${count(one.journalPerSecond)} | ${count(one.statePerSecond)} | ${one.ratio} |`,
    ),
  ];
}

export async function stateReopen({ directory, events, covered, log = () => {} }) {
  const place = join(directory, 'state');
  const filled = await runChild('fill-state', { directory: place, events, covered });
  log(`${events} events committed in ${filled.seconds} s`);
  const opens = [];
  for (let turn = 0; turn < OPENS; turn += 1) {
    opens.push(await runChild('open-state', { directory: place }));
  }
  const [first] = opens;
  return {
    figures: {
      ...{ events, covered, fillSeconds: filled.seconds, wholeReplayMs: filled.wholeReplayMs },
      openMs: median(opens.map(({ milliseconds }) => milliseconds)),
      openMsAll: opens.map(({ milliseconds }) => milliseconds),
      replayed: first.replayed,
    },
    claims: [
      claim(
        'an open applies the events behind the checkpoint, and no other',
        opens.every(({ replayed }) => replayed === events - covered),
        first.replayed,
        events - covered,
      ),
      claim(
        'the value is that of all events',
        opens.every(({ sum, seq }) => sum === events && seq === events),
        first.sum,
        events,
      ),
    ],
  };
}

export function stateReopenTable({ events, covered, openMs, replayed, wholeReplayMs }) {
  const count = (value) => value.toLocaleString('en-US');
  return [
    `${count(events)} events, a checkpoint that covers ${count(covered)}: opened in ${Math.round(openMs)} ms, ` +
      `${count(replayed)} events applied. Before the checkpoint was saved, with all its events to be applied, ` +
      `it took ${Math.round(wholeReplayMs)} ms.`,
  ];
}
