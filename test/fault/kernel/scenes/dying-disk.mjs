// A file system that is shut down under the writer, again and again on the same journal: what only the
// memory held is lost, as with a loss of power. What was acknowledged must be there after each.
import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { integer, seeded } from '../../../campaign/support.mjs';
import { judge } from '../judge.mjs';
import { scene } from '../scene.mjs';
import { Visits } from '../visits.mjs';
import { startWriter } from '../writer-process.mjs';
import { Volume } from './volume.mjs';

const flags = { default: '0', logflush: '1', nologflush: '2' };
const MOST_ACKNOWLEDGEMENTS = 120;
const MOST_MICROSECONDS = 3000;
const UNSYNCED_BYTES = 65_536;
/** More rounds than a file system lives for. */
const ENDLESS = 1_000_000;

/** A file whose zeros are durable; what is written over them next, without a sync, is not. */
class Unsynced {
  #path;
  constructor(volume) {
    this.#path = join(volume.path, 'unsynced');
    this.#write('w', 0, (file) => fsyncSync(file));
  }
  #write(flags, byte, sync = () => {}) {
    const file = openSync(this.#path, flags);
    writeSync(file, Buffer.alloc(UNSYNCED_BYTES, byte), 0, UNSYNCED_BYTES, 0);
    sync(file);
    closeSync(file);
  }
  overwrite() {
    this.#write('r+', 1);
  }
  isLost() {
    return readFileSync(this.#path).every((byte) => byte === 0);
  }
}

/** One life of the file system: dies so many acknowledgements and microseconds after the start. */
async function life(volume, directory, session, lines, { godown, mode, random, unsynced }) {
  const due = integer(random, 1, MOST_ACKNOWLEDGEMENTS);
  const pause = BigInt(integer(random, 0, MOST_MICROSECONDS)) * 1000n;
  let seen = 0;
  let complaint;
  const shutDown = () => {
    unsynced.overwrite();
    const { status, stderr } = spawnSync(godown, [volume.path, flags[mode]], { encoding: 'utf8' });
    if (status !== 0) complaint = stderr;
  };
  const onLine = ({ say }) => {
    if (say !== 'acknowledged' || ++seen !== due) return;
    const until = process.hrtime.bigint() + pause;
    while (process.hrtime.bigint() < until);
    shutDown();
  };
  const { ended } = startWriter({ directory, session, rounds: ENDLESS }, lines, { onLine });
  const end = await ended;
  if (seen < due) complaint = `the writer ended after ${seen} acknowledgements: ${end.complaint}`;
  if (complaint !== undefined) throw new Error(complaint);
  return end;
}

scene(async ({ base, kind, mode, rounds, seed, godown }) => {
  const random = seeded(seed);
  const volume = new Volume(base, kind);
  const directory = join(volume.path, 'journal');
  const lines = [];
  const figures = { rounds: 0, unsyncedLost: 0, acknowledged: 0, refused: 0, tails: {}, codes: {} };
  const problems = [];
  const visits = new Visits(directory, (line) => lines.push(line));
  for (let round = 1; round <= rounds && problems.length === 0; round += 1) {
    const from = lines.length;
    const unsynced = new Unsynced(volume);
    const end = await life(volume, directory, round, lines, { godown, mode, random, unsynced });
    // Whatever it is shown of a dead file system has to be there when that is mounted again.
    visits.visit();
    volume.remount();
    if (unsynced.isLost()) figures.unsyncedLost += 1;
    for (const { say, code, cause } of lines.slice(from)) {
      if (say === 'acknowledged') figures.acknowledged += 1;
      if (say === 'rejected') figures.refused += 1;
      if (code !== undefined)
        figures.codes[`${code} ${cause}`] = (figures.codes[`${code} ${cause}`] ?? 0) + 1;
    }
    if (end.code !== 0)
      problems.push(`the writer ended with ${end.code ?? end.signal}: ${end.complaint}`);
    const judged = await judge(directory, lines, { power: true });
    problems.push(...judged.problems.map((one) => `round ${round}: ${one}`));
    const tail = judged.recovery?.tail ?? 'none';
    figures.tails[tail] = (figures.tails[tail] ?? 0) + 1;
    figures.rounds = round;
  }
  figures.visitsRefused = visits.refused.length;
  return { figures, problems: [...problems, ...visits.problems] };
});
