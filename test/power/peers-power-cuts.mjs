// The same power cuts under the durable modes of other logs and stores, on ext4. The table is
// published as it comes out, provided that the rig catches those that must lose.
import { join } from 'node:path';
import { installPeers } from '../../bench/js/install.mjs';
import { claim, integer, seeded } from '../campaign/support.mjs';
import { peers } from './peers.mjs';
import { buildPowerDisk, drawCuts, makeImage, runSession, whyNotOn } from './rig.mjs';
import { inRunDirectory } from './run-directory.mjs';
import { emptyTally, tallyUp } from './tally.mjs';

const CUTS_PER_RUN = 6;
const TYPE = 'ext4';
const callers = [1, 16];
const largestRecord = [100, 1000];
/** Less is left than a run may take: it is not begun. */
const RUN_MS = 60_000;

const child = (name) => join(import.meta.dirname, 'children', `${name}.mjs`);

async function peerRun({ directory, image, system, options, run, cuts, random }) {
  const input = {
    ...{ system, options, seed: integer(random, 1, 2 ** 31) },
    callers: callers[run % callers.length],
    largest: largestRecord[integer(random, 0, largestRecord.length - 1)],
  };
  return runSession({
    ...{ directory, image, type: TYPE },
    cuts: drawCuts(random, cuts, { firstMode: run }),
    load: { script: child('peer-load'), input },
    judge: { script: child('peer-judge'), input },
  });
}

/** Cuts of one peer until there were so many. */
async function cutUnder(peer, state, { directory, image, cuts, seed, isLate, save }) {
  while (state.cuts < cuts && !isLate()) {
    const random = seeded(seed ^ Math.imul(state.runs + 1, 0x9e3779b1));
    const verdicts = await inRunDirectory(directory, (place) =>
      peerRun({
        ...{ directory: place, image, random, run: state.runs },
        ...{ system: peer.system, options: peer.options },
        cuts: Math.min(CUTS_PER_RUN, cuts - state.cuts),
      }),
    );
    state.runs += 1;
    tallyUp(state, verdicts);
    save();
  }
}

/**
 * @typedef {{ claim: string, holds: boolean, measured: unknown, bound: unknown }} Claim
 * @returns {Promise<{ figures: unknown, claims: Claim[] }>} or { unfinished: true }
 */
export async function peersPowerCuts(sizes) {
  const { directory, cuts, seed, deadline = Number.POSITIVE_INFINITY, saved } = sizes;
  const { only = () => true, log = () => {} } = sizes;
  const why = whyNotOn(TYPE);
  if (why) throw new Error(`the power-cut rig cannot run here: ${why}`);
  const chosen = peers.filter(only);
  if (chosen.some(({ isInstalled }) => isInstalled) && !installPeers()) {
    throw new Error('the peers of bench/js cannot be installed');
  }
  await buildPowerDisk();

  const state = saved?.read() ?? {};
  const isLate = () => Date.now() + RUN_MS > deadline;
  const save = () => saved?.write(state);
  const image = makeImage(directory, TYPE);
  for (const [n, peer] of chosen.entries()) {
    const key = `${peer.name}, ${peer.mode}`;
    state[key] ??= { runs: 0, ...emptyTally() };
    await cutUnder(peer, state[key], { directory, image, cuts, seed: seed + n, isLate, save });
    if (state[key].cuts < cuts) return { unfinished: true };
    const { cutsWithLoss, lost, unreadable } = state[key];
    log(
      `${key}: ${cutsWithLoss} of ${cuts} cuts with loss, ${lost} lost, ${unreadable} unreadable`,
    );
  }
  return conclude(chosen, state);
}

function conclude(chosen, state) {
  const results = chosen.map(({ name, mode, promise, mustLose = false }) => {
    const { images, tails, rows, ...tally } = state[`${name}, ${mode}`];
    return { name, mode, promise, mustLose, differentImages: images.length, ...tally };
  });
  const claims = results
    .filter(({ mustLose }) => mustLose)
    .map(({ name, mode, lost }) =>
      claim(`what does not sync is caught: ${name}, ${mode}`, lost > 0, lost, 'more than 0'),
    );
  for (const { name, mode, wanting, problems } of results) {
    if (name !== 'tidemark' || mode !== 'default') continue;
    claims.push(claim('tidemark loses nothing', wanting === 0, problems, 0));
  }
  // A rig that does not catch what must lose says nothing of the others.
  const published = claims.every(({ holds }) => holds) ? results : [];
  return { figures: { fileSystem: TYPE, results: published }, claims };
}

const row = (cells) => `| ${cells.join(' | ')} |`;

/** The figures as lines of Markdown. */
export function peersPowerCutsTable({ fileSystem, results }) {
  const columns = ['', 'mode', 'its acknowledgement says', 'cuts', 'cuts with loss'];
  const more = ['acknowledged records lost', 'unreadable stores'];
  return [
    `On ${fileSystem}. Lost: of the records that were acknowledged before a cut, those that are not there`,
    'behind it, summed over the cuts; of a store that cannot be read, all of them.',
    '',
    row([...columns, ...more]),
    row([...columns, ...more].map(() => '---')),
    ...results.map((one) =>
      row([
        ...[one.name, one.mode, one.promise, one.cuts, one.cutsWithLoss],
        ...[`${one.lost} of ${one.acknowledged}`, one.unreadable],
      ]),
    ),
  ];
}
