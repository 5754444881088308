// The power is cut under tidemark's journal on ext4, XFS and Btrfs, and whoever lies is caught: a
// journal that acknowledges before its sync, judged as if it did not, and a disk that does not flush.
import { join } from 'node:path';
import { claim, root, seeded } from '../campaign/support.mjs';
import { journalRun } from './journal-runs.mjs';
import { buildPowerDisk, fileSystems, makeImage, whyNot, whyNotOn } from './rig.mjs';
import { inRunDirectory, keepImage } from './run-directory.mjs';
import { emptyTally, tallyUp } from './tally.mjs';

const CUTS_PER_RUN = 5;
/** Of a run that goes on from an earlier cut: they meet its recovery. Of any other, its creation. */
const CUTS_AT_START = { going: 3, fresh: 1 };
/** A journal is cut, recovered and cut again so many times. */
const MOST_GENERATIONS = 3;
/** Runs, in proportion to those that are needed when every image differs from all others. */
const PATIENCE = 3;
const MOST_LIAR_RUNS = 8;
/** Where the images of cuts that are found wanting are kept. */
const failedDirectory = join(root, 'build', 'power', 'failed');
/** Less is left than a run may take: it is not begun. */
const RUN_MS = 60_000;

/** Cuts on one file system until so many different images were judged. */
async function cutOn(type, state, { directory, cuts, seed, isLate, save, log }) {
  const image = makeImage(directory, type);
  const most = PATIENCE * Math.ceil(cuts / CUTS_PER_RUN);
  let from;
  while (state.images.length < cuts && state.runs < most) {
    if (isLate()) return;
    const run = state.runs;
    const random = seeded(seed ^ Math.imul(run + 1, 0x9e3779b1));
    const verdicts = await inRunDirectory(directory, async (place) => {
      const found = await journalRun({
        ...{ directory: place, type, image, from, run, random },
        cuts: CUTS_PER_RUN,
        atStart: from ? CUTS_AT_START.going : run % (CUTS_AT_START.fresh + 1),
        failed: join(failedDirectory, `${type}-${seed}-${run}`),
      });
      const { end, refused, problems } = found.at(-1);
      const isSound = refused === undefined && problems.length === 0;
      const goesOn = isSound && end.generation < MOST_GENERATIONS;
      from = goesOn ? { ...end, image: keepImage(end.image, directory) } : undefined;
      return found;
    });
    state.runs += 1;
    tallyUp(state, verdicts);
    save();
    log(`${type}: ${state.images.length} images, ${state.wanting} found wanting`);
  }
}

/** Runs that must lose what was acknowledged, until one does: a cut may also come behind a sync. */
async function liar(directory, cuts, seed, lie) {
  const state = emptyTally();
  const image = makeImage(directory, 'ext4');
  const random = seeded(seed);
  for (let run = 0; run < MOST_LIAR_RUNS && state.lost === 0; run += 1) {
    const verdicts = await inRunDirectory(directory, (place) =>
      journalRun({ directory: place, type: 'ext4', image, run, random, cuts, ...lie }),
    );
    tallyUp(state, verdicts);
  }
  return state;
}

const liars = {
  'os-judged-as-commit': { durability: 'os', only: 'drop' },
  'disk-without-flush': { lies: true, only: 'drop' },
};

/**
 * @typedef {{ claim: string, holds: boolean, measured: unknown, bound: unknown }} Claim
 * @returns {Promise<{ figures: unknown, claims: Claim[] }>} or { unfinished: true }
 */
export async function powerCuts(sizes) {
  const { directory, cuts, seed, liarCuts, deadline = Number.POSITIVE_INFINITY, saved } = sizes;
  const { types = Object.keys(fileSystems), log = () => {} } = sizes;
  const why = whyNot();
  if (why) throw new Error(`the power-cut rig cannot run here: ${why}`);
  await buildPowerDisk();

  const state = saved?.read() ?? { on: {}, liars: {} };
  const skipped = {};
  const isLate = () => Date.now() + RUN_MS > deadline;
  const save = () => saved?.write(state);
  for (const type of types) {
    const reason = whyNotOn(type);
    if (reason) {
      skipped[type] = reason;
      log(`${type}: skipped (${reason})`);
      continue;
    }
    state.on[type] ??= { runs: 0, ...emptyTally() };
    if (isLate()) return { unfinished: true };
    await cutOn(type, state.on[type], { directory, cuts, seed, isLate, save, log });
  }
  for (const [name, lie] of Object.entries(liarCuts > 0 ? liars : {})) {
    if (isLate()) return { unfinished: true };
    state.liars[name] ??= await liar(directory, liarCuts, seed, lie);
    save();
  }
  return { figures: figuresOf(state, skipped), claims: claimsOf(state, cuts) };
}

const row = (cells) => `| ${cells.join(' | ')} |`;
const counts = (object) =>
  Object.entries(object)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

/** The figures as lines of Markdown. */
export function powerCutsTable({ fileSystems: on, liars: caught, skipped }) {
  const columns = ['cuts', 'different images', 'with writes pending', 'meeting a recovery'];
  const verdicts = [
    'cuts with loss',
    'lost records',
    'unreadable',
    'not mounted',
    'otherwise wrong',
  ];
  const cells = (tally) => [
    ...[tally.cuts, tally.differentImages, tally.withPendingWrites, tally.whileRecovering],
    ...[tally.cutsWithLoss, tally.lost, tally.unreadable, tally.refusedByFileSystem],
    tally.otherwiseWrong,
  ];
  const all = { ...on, ...caught };
  return [
    row(['', ...columns, ...verdicts]),
    row(['', ...columns, ...verdicts].map(() => '---')),
    ...Object.entries(all).map(([name, tally]) => row([name, ...cells(tally)])),
    '',
    ...Object.entries(on).map(
      ([type, { modes, tails, rows }]) =>
        `- ${type}: cuts ${counts(modes)}; tails ${counts(tails)}; rows of recovery ${counts(rows)}`,
    ),
    ...Object.entries(skipped).map(([type, reason]) => `- ${type} was skipped: ${reason}`),
    '',
    'The last rows are liars that the rig must catch: a journal that acknowledges before its sync,',
    'judged as if it did not, and a disk that answers flushes and does not flush.',
  ];
}

const withoutDigests = ({ images, ...tally }) => ({ ...tally, differentImages: images.length });
const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

function figuresOf(state, skipped) {
  return {
    fileSystems: mapValues(state.on, withoutDigests),
    liars: mapValues(state.liars, withoutDigests),
    skipped,
  };
}

function claimsOf(state, cuts) {
  const claims = [];
  for (const [type, tally] of Object.entries(state.on)) {
    claims.push(
      claim(
        `${type}: nothing acknowledged is lost, nothing else is wrong`,
        tally.wanting === 0,
        tally.wanting,
        0,
      ),
      claim(
        `${type}: as many different images were judged as were asked for`,
        tally.images.length >= cuts,
        tally.images.length,
        cuts,
      ),
    );
  }
  for (const [name, tally] of Object.entries(state.liars)) {
    claims.push(
      claim(`the rig catches a liar: ${name}`, tally.lost > 0, tally.lost, 'more than 0'),
    );
  }
  return claims;
}
