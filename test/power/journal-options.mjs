// How the load and the judge open the journal.
export const CURSOR = 'reader';
const SMALLEST_SEGMENT = 65_536; // many rotations in a short run

export const journalOptions = ({ durability = 'commit', directIO = 'auto', padding = 'none' }) => ({
  codec: 'binary',
  segmentBytes: SMALLEST_SEGMENT,
  durability,
  directIO,
  padding,
});
