// The kill storm: rounds of kills with SIGKILL, each on a journal of its own, so that a campaign can
// stop between them and go on later.
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
  while (state.rounds < rounds && state.problems.length === 0) {
    if (deadline !== undefined && Date.now() + state.slowestMs > deadline)
      return { unfinished: true };
    const begin = Date.now();
    const round = state.rounds + 1;
    const { counts, problems } = await inTemporary(directory, (place) =>
      killRound({
        ...{ directory: place, kills, seed: seed + round },
        log: (text) => log(`round ${round} of ${rounds}: ${text}`),
      }),
    );
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
    row('segments made', count(figures.segmentsMade)),
    row(
      'writers that truncated, moved the cursor',
      `${figures.writersThatTruncated}, ${figures.writersThatMovedTheCursor}`,
    ),
    row('writers with `directIO: true`', count(figures.writersOnDirectIO)),
    row('records shown to the followers', list(figures.shownToFollowers)),
    row('truncations that overtook them', list(figures.truncationsThatOvertookFollowers)),
    '',
    'Under load, in the middle of a frame of hundreds of pages, of a truncation, of an open, of a close;',
    'one to three threads append in four ways, segments are of 64 KiB, and two followers in another',
    'process, one of them in a worker, watch all the time.',
  ];
}
