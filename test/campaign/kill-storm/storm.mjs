// The kill storm: rounds of kills with SIGKILL, each on a journal of its own, so that a campaign can
// stop between them and go on later. Every second round is disturbed: its processes are stopped and
// continued, and what they report is read late.
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { claim, inTemporary } from '../support.mjs';
import { killRound, noCounts } from './round.mjs';

/** The sums of two trees of numbers. */
function sum(one, other) {
  if (typeof one === 'number') return one + other;
  return Object.fromEntries(
    Object.entries(one).map(([key, value]) => [key, sum(value, other[key])]),
  );
}

function claimsOf({ kills, commitsInFlight: { proven } }, problems) {
  return [
    claim(
      'nothing that was acknowledged or shown is missing, everything is in order and genuine',
      problems.length === 0,
      problems.length,
      0,
    ),
    claim(
      'at least half of the kills met a commit that is proven to have been in flight',
      proven * 2 >= kills,
      proven,
      Math.ceil(kills / 2),
    ),
  ];
}

/** One round; a journal with which something is wrong stays, beside `directory`. */
function playRound({ directory, round, seed, kills, log }) {
  return inTemporary(directory, async (place) => {
    const isDisturbed = round % 2 === 0;
    const played = await killRound({
      ...{ directory: place, kills, seed: seed + round, isDisturbed },
      log: (text) => log(`round ${round}${isDisturbed ? ', disturbed' : ''}: ${text}`),
    });
    if (played.problems.length > 0) {
      const kept = join(dirname(directory), `kill-storm-${seed + round}-${process.pid}`);
      cpSync(place, kept, { recursive: true });
      played.problems.unshift(`the journal is kept in ${kept}`);
    }
    return played;
  });
}

/**
 * @typedef {{ claim: string, holds: boolean, measured: unknown, bound: unknown }} Claim
 * @returns {Promise<{ figures: unknown, claims: Claim[] }>} or { unfinished: true }
 */
export async function killStorm({
  directory,
  rounds,
  kills,
  seed,
  deadline,
  saved,
  log = () => {},
}) {
  const state = saved?.read() ?? { rounds: 0, counts: noCounts(), problems: [], slowestMs: 0 };
  const first = state.rounds;
  while (state.rounds < rounds && state.problems.length === 0) {
    // One round each time, however slow they were: else it would never come to its end.
    const isLate = deadline !== undefined && Date.now() + state.slowestMs > deadline;
    if (isLate && state.rounds > first) return { unfinished: true };
    const begin = Date.now();
    const round = state.rounds + 1;
    const { counts, problems } = await playRound({ directory, round, seed, kills, log });
    state.rounds = round;
    state.counts = sum(state.counts, counts);
    state.problems.push(...problems.map((problem) => `round ${round}: ${problem}`));
    state.slowestMs = Math.max(state.slowestMs, Date.now() - begin);
    saved?.write(state);
  }
  const { counts, problems } = state;
  return {
    figures: { rounds: state.rounds, ...counts, problems },
    claims: claimsOf(counts, problems),
  };
}

const row = (...cells) => `| ${cells.join(' | ')} |`;
const count = (value) => value.toLocaleString('en-US');
const list = (object) =>
  Object.entries(object)
    .map(([key, value]) => `${key} ${count(value)}`)
    .join(', ');

/** The figures as lines of Markdown. */
export function killStormTable(figures) {
  const inFlight = figures.commitsInFlight;
  return [
    row('', ''),
    row('---', '---'),
    row('kills, on how many journals', `${count(figures.kills)} on ${figures.rounds}`),
    row('by what they met', list(figures.killsByMoment)),
    row('of them the command line `append --ack`', count(figures.killsOfTheCommandLine)),
    row('of them before `open` returned', count(figures.killsBeforeOpenReturned)),
    row('of them before `close` returned', count(figures.killsBeforeCloseReturned)),
    row('with a commit proven in flight', count(inFlight.proven)),
    row('— records handed over were not in the file', count(inFlight.handedOverAndNotInTheFile)),
    row("— the writer's thread was seen in its sync", count(inFlight.writerSeenInSync)),
    row(
      'with records in the file that nobody was told of',
      count(inFlight.inTheFileAndNotAcknowledged),
    ),
    row(
      'the next writer recovered before anybody looked',
      count(figures.killsThatRecoveryMetFirst),
    ),
    row('tails that were found', list(figures.tails)),
    row(
      'records acknowledged, recovered',
      `${count(figures.recordsAcknowledged)}, ${count(figures.recordsRecovered)}`,
    ),
    row(
      'acknowledged records that were read before they were released',
      count(figures.recordsAcknowledgedAndRead),
    ),
    row('segments made', count(figures.segmentsMade)),
    row(
      'writers that truncated, moved the cursor',
      `${figures.writersThatTruncated}, ${figures.writersThatMovedTheCursor}`,
    ),
    row('writers with `directIO: true`', count(figures.writersOnDirectIO)),
    row('records shown to the followers', list(figures.shownToFollowers)),
    row('truncations that overtook them', list(figures.truncationsThatOvertookFollowers)),
    row('times that a process was stopped for a while', count(figures.processesStopped)),
    row('times that its reports were left unread', count(figures.reportsLeftUnread)),
    '',
    'Under load, in the middle of a frame of hundreds of pages, of a truncation, of an open, of a close;',
    'one to three threads append in four ways, segments are of 64 KiB, and two followers in another',
    'process, one of them in a worker, watch all the time. In every second round all these processes are',
    'stopped and continued at random, and what they report is read late.',
  ];
}
