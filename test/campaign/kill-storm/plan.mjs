// Draws what each writer of the kill storm does and at which moment it is killed.
import { loadModes } from '../../support/load.mjs';
import { producer } from '../../support/oracle.mjs';
import { integer, KiB } from '../support.mjs';

export const SEGMENT_BYTES = 64 * KiB; // the least: rotation is what the storm wants to meet

const pick = (random, values) => values[integer(random, 0, values.length - 1)];
const oneIn = (random, many) => integer(random, 1, many) === 1;

/** Moments, each as often as it stands here. */
const moments = [
  ...Array(18).fill('load'), // so many acknowledgements and then so many microseconds
  ...Array(3).fill('recovery'), // microseconds after Journal.open was called
  ...Array(2).fill('close'), // microseconds after close() was called
  ...Array(3).fill('truncation'), // microseconds after a truncation was asked for
  ...Array(2).fill('frame'), // when the writer's thread runs, which writes frames of hundreds of pages
];
/** One process in so many is the command line `tidemark append --ack`. */
const COMMAND_LINE_OF = 8;

const MOST_MICROSECONDS = 3000;
/** Kills during open and close fall into this many times what the last one of the kind took. */
const STRETCH = 1.3;

/** Most kills under load, and all at a truncation, then wait until the writer's thread is seen so. */
const hunted = [undefined, 'running', ...Array(8).fill('sync')];

const windows = { append: [1, 8, 64, 256], batch: [4, 64, 512], write: [16, 256], sync: [8] };
const SHORT_TEXT = 120;
const LONG_TEXT = 6000;
const MOST_LONG_RECORDS = 64;
const HUGE_TEXT = 1024 * KiB;
const HUGE_WINDOW = 4;

function drawText(random, window) {
  if (window <= MOST_LONG_RECORDS && oneIn(random, 3)) return LONG_TEXT;
  return SHORT_TEXT;
}

function drawProducer(random, name, inWorker) {
  // appendSync blocks its thread, and with it the reports of all others there.
  const mode = pick(random, inWorker ? loadModes : loadModes.filter((one) => one !== 'sync'));
  const window = pick(random, windows[mode]);
  const durability = mode === 'append' && oneIn(random, 4) ? { intervalMs: 20 } : 'commit';
  return {
    by: producer(name, drawText(random, window)),
    mode,
    window,
    inWorker,
    ...(mode === 'append' || mode === 'batch' ? { options: { durability } } : {}),
  };
}

/** Retention and how bytes are written: of every open anew, none of it is recorded. */
function drawOptions(random, direct) {
  return {
    segmentBytes: SEGMENT_BYTES,
    ...(oneIn(random, 3) && { retain: { maxBytes: pick(random, [256, 1024]) * KiB } }),
    ...(oneIn(random, 4) && { padding: 'block' }),
    ...(direct && oneIn(random, 4) && { directIO: true }),
    ...(oneIn(random, 4) && { idleMarkMs: pick(random, [0, 60_000]) }),
    ...(oneIn(random, 6) && { commit: { maxRecords: pick(random, [1, 16]) } }),
    ...(oneIn(random, 8) && { commit: { lingerMs: 1 } }),
  };
}

/**
 * The plan of one run. `lasts`: how long open and close took the last time, in milliseconds, by which
 * the moments in them are drawn; `direct`: whether the file system does direct transfers.
 */
export function draw(random, number, directory, lasts, { direct }) {
  const moment = pick(random, moments);
  if (moment === 'load' && oneIn(random, COMMAND_LINE_OF)) {
    const window = pick(random, windows.append);
    return {
      ...{ kind: 'command line', number, directory, moment, window, hunts: 'sync' },
      by: producer(`${number}.cli`, window <= MOST_LONG_RECORDS ? LONG_TEXT : SHORT_TEXT),
      acknowledgements: integer(random, 1, 20 * window),
      microseconds: integer(random, 0, MOST_MICROSECONDS),
    };
  }
  if (moment === 'frame') {
    const mode = { mode: 'batch', window: HUGE_WINDOW };
    return {
      ...{ kind: 'program', number, directory, moment, hunts: 'running', microseconds: 0 },
      producers: [{ by: producer(`${number}.0`, HUGE_TEXT), ...mode }],
      acknowledgements: HUGE_WINDOW,
      options: { segmentBytes: SEGMENT_BYTES, retain: { maxBytes: 1024 * KiB } },
    };
  }
  const workers = oneIn(random, 3) ? integer(random, 1, 2) : 0;
  const producers = Array.from({ length: 1 + workers }, (_, index) =>
    drawProducer(random, `${number}.${index}`, index > 0),
  );
  const size = Math.max(...producers.map(({ window }) => window));
  const acknowledgements = integer(random, 1, 8 * size);
  const within = { recovery: lasts.openMs, close: lasts.closeMs }[moment];
  const most = within === undefined ? MOST_MICROSECONDS : Math.ceil(within * 1000 * STRETCH);
  return {
    ...{ kind: 'program', number, directory, moment, producers, acknowledgements },
    options: drawOptions(random, direct),
    ...(moment === 'load' && { hunts: pick(random, hunted) }),
    ...(moment === 'truncation' && { hunts: 'sync' }),
    follows: oneIn(random, 2),
    ...((moment === 'truncation' || oneIn(random, 2)) && {
      consumes: { every: integer(random, 1, 4 * size) },
    }),
    ...(moment === 'close' && { closeAfter: acknowledgements }),
    microseconds: integer(random, 0, most),
  };
}
