// What must be found behind a cut: the lines that the load had said before it, and what earlier cuts
// of the same journal had fixed. See children/journal-load.mjs for the lines.

/**
 * What is known of a journal's past:
 * floor      the highest seq that was acknowledged or shown by an open
 * borders    for each generation whose open resolved, the first seq that it gives
 * ranges     per generation, the seqs that were acknowledged in it
 * first, cursor   { atLeast, asked }: what was acknowledged, and everything that was asked for
 */
export const nothingKnown = () => ({
  id: undefined,
  floor: 0,
  borders: [],
  ranges: [],
  first: { atLeast: 1, asked: [1] },
  cursor: { atLeast: 0, asked: [0] },
});

const wordsOf = (text) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '));

/** The past of a journal at a cut: `before` are the lines read before it, `said` those of the whole run. */
export function knownAt(previous, generation, before, said) {
  const known = structuredClone(previous);
  const range = { generation, from: Number.NaN, to: 0 };
  for (const [kind, ...words] of wordsOf(before)) {
    const seq = Number(words.at(-1));
    if (kind === 'o') {
      known.id = words[0];
      known.floor = Math.max(known.floor, seq);
      known.borders.push({ generation, from: seq + 1 });
      range.from = seq + 1;
    }
    if (kind === 'a') range.to = Math.max(range.to, seq);
    if (kind === 'c') known.cursor.atLeast = Math.max(known.cursor.atLeast, seq);
    if (kind === 't') known.first.atLeast = Math.max(known.first.atLeast, seq);
  }
  if (range.to >= range.from) {
    known.ranges.push(range);
    known.floor = Math.max(known.floor, range.to);
  }
  for (const [kind, word] of wordsOf(said)) {
    if (kind === 'C') known.cursor.asked.push(Number(word));
    if (kind === 'T') known.first.asked.push(Number(word));
  }
  return known;
}

/** What is wrong with a generation found at a seq; undefined when it may be there. */
export function wrongGeneration(known, seq, generation, previousGeneration) {
  const where = `seq ${seq} is of generation ${generation}`;
  if (generation < previousGeneration) return `${where}, behind one of ${previousGeneration}`;
  const acknowledged = known.ranges.find(({ from, to }) => from <= seq && seq <= to);
  if (acknowledged && acknowledged.generation !== generation) {
    return `${where}, and was acknowledged in ${acknowledged.generation}`;
  }
  for (const border of known.borders) {
    const isBehind = seq >= border.from;
    if (isBehind !== generation >= border.generation) {
      return `${where}, and generation ${border.generation} began at seq ${border.from}`;
    }
  }
  return undefined;
}

/** What is wrong with a mark (cursor or first seq) that stands at `seq`. */
export function wrongMark(name, { atLeast, asked }, seq) {
  if (seq < atLeast) return `${name} is ${seq}, ${atLeast} was acknowledged`;
  return asked.includes(seq) ? undefined : `${name} is ${seq}, which nobody asked for`;
}
