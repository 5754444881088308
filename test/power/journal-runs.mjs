// Runs of the rig with tidemark's journal as the load.
import { join } from 'node:path';
import { integer } from '../campaign/support.mjs';
import { nothingKnown } from './expectations.mjs';
import { drawCuts, runSession } from './rig.mjs';

const child = (name) => join(import.meta.dirname, 'children', `${name}.mjs`);
/** How the journal writes, in rotation: every value meets every other in six runs. */
const directIO = ['auto', false, true];
const padding = ['none', 'block'];
const callers = [1, 4, 32];
const largestRecord = [100, 900, 6000];

/** A run on an empty disk, or on what a cut of an earlier run left: `from` has its image and past. */
export async function journalRun({ directory, type, image, from, run, cuts, random, ...more }) {
  const { atStart = 0, only, durability = 'commit', lies, failed } = more;
  const { generation = 0, known = nothingKnown(), seed = integer(random, 1, 2 ** 31) } = from ?? {};
  const input = {
    seed,
    generation: generation + 1,
    directIO: directIO[run % directIO.length],
    padding: padding[run % padding.length],
    largest: from?.largest ?? largestRecord[integer(random, 0, largestRecord.length - 1)],
    durability,
  };
  const load = { ...input, callers: callers[integer(random, 0, callers.length - 1)] };
  const verdicts = await runSession({
    directory,
    type,
    lies,
    failed,
    image: from?.image ?? image,
    cuts: drawCuts(random, cuts, { firstMode: run, atStart, only }),
    cutsAtStart: atStart,
    load: { script: child('journal-load'), input: load },
    judge: { script: child('journal-judge'), input: { ...input, previous: known } },
  });
  const { directIO: direct, padding: pads, callers: at } = load;
  const how = { directIO: direct, padding: pads, callers: at, generation: input.generation };
  return verdicts.map(({ image: left, known: past, ...verdict }) => ({
    ...verdict,
    ...how,
    // What a later run can go on from.
    end: { image: left, known: past, generation: input.generation, seed, largest: input.largest },
  }));
}
