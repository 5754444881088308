// A run with a cut that never comes, in the directory that is its argument: somebody kills it.
import { seeded } from '../../campaign/support.mjs';
import { journalRun } from '../journal-runs.mjs';
import { makeImage } from '../rig.mjs';

const directory = process.argv[2];
const image = makeImage(directory, 'ext4');
await journalRun({
  ...{ directory, image, type: 'ext4', run: 0, random: seeded(1), cuts: 1000 },
});
