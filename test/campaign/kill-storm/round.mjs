// One journal of the kill storm: writers are killed, again and again on the same directory, while two
// followers watch. After each kill everything is read: what was acknowledged, or shown to anybody, has
// to be there, for good.
import { join } from 'node:path';
import { Journal } from '../../../dist/index.mjs';
import { History } from '../../support/oracle.mjs';
import { seeded } from '../support.mjs';
import { Disturbance } from './disturbance.mjs';
import { evidenceOf } from './evidence.mjs';
import { Followers } from './followers.mjs';
import { judgeCursor, judgeFiles, judgeSaid, judgeSame, look } from './judge.mjs';
import { draw } from './plan.mjs';
import { runUntilKilled } from './run.mjs';

/** After this part of the kills the next writer opens at once: its recovery is the first to look. */
const UNSEEN_PART = 0.2;
/** How long open and close take, before one was seen. */
const FIRST_OPEN_MS = 10;
const FIRST_CLOSE_MS = 3;
const LOG_EVERY = 25;
const CURSOR = 'consumer';
/** The disturbance draws by a seed of its own: how much it draws depends on time. */
const DISTURBANCE_SEED = 0x5eed;

/** Whether the file system of the directory does direct transfers. */
async function doesDirect(directory) {
  try {
    const journal = await Journal.open(join(directory, 'direct'), { directIO: true });
    await journal.close();
    return true;
  } catch (error) {
    if (error.code === 'ERR_TIDEMARK_UNSUPPORTED') return false;
    throw error;
  }
}

export const noCounts = () => ({
  kills: 0,
  killsByMoment: { load: 0, frame: 0, truncation: 0, recovery: 0, close: 0 },
  killsOfTheCommandLine: 0,
  killsBeforeOpenReturned: 0,
  killsBeforeCloseReturned: 0,
  commitsInFlight: {
    handedOverAndNotInTheFile: 0,
    writerSeenInSync: 0,
    proven: 0,
    inTheFileAndNotAcknowledged: 0,
  },
  killsThatRecoveryMetFirst: 0,
  tails: { clean: 0, torn: 0, undecidable: 0 },
  recordsAcknowledged: 0,
  recordsAcknowledgedAndRead: 0,
  recordsRecovered: 0,
  recordsRead: 0,
  segmentsMade: 0,
  writersThatTruncated: 0,
  writersThatMovedTheCursor: 0,
  writersOnDirectIO: 0,
  shownToFollowers: { process: 0, worker: 0 },
  truncationsThatOvertookFollowers: { process: 0, worker: 0 },
  processesStopped: 0,
  reportsLeftUnread: 0,
});

class Round {
  counts = noCounts();
  history = new History();
  /** Deaths since the last look. */
  #ends = [];
  /** The facts of the last look, while no writer has written since. */
  #before = {};
  #cursor = { asked: 0, done: 0 };
  #lasts = { openMs: FIRST_OPEN_MS, closeMs: FIRST_CLOSE_MS };
  #followers;
  #directory;
  #random;
  #direct;
  #disturbance;

  constructor(directory, { seed, direct, isDisturbed }) {
    this.#directory = directory;
    this.#random = seeded(seed);
    this.#direct = direct;
    if (isDisturbed) this.#disturbance = new Disturbance(seeded(seed ^ DISTURBANCE_SEED));
  }

  #note(what, problems) {
    for (const problem of problems) this.history.problem(`${what}: ${problem}`);
  }

  async kill(number, isLast) {
    const disk = { direct: this.#direct };
    const plan = draw(this.#random, number, this.#directory, this.#lasts, disk);
    const isUnseen = this.#random() < UNSEEN_PART && !isLast;
    const { unread } = this.history;
    const end = await runUntilKilled(plan, this.#disturbance);
    await this.#disturbance?.beforeLook();
    this.#count(plan, end);
    this.#judgeOpen(plan, end.said);
    this.#ends.push({ plan, end, unread });
    if (isUnseen) this.counts.killsThatRecoveryMetFirst += 1;
    else await this.#look(number);
  }

  #count({ moment, kind, options }, { said, openMs, closeMs }) {
    const { counts } = this;
    if (openMs > 0) this.#lasts.openMs = openMs;
    if (closeMs > 0) this.#lasts.closeMs = closeMs;
    counts.kills += 1;
    counts.killsByMoment[moment] += 1;
    if (kind === 'command line') counts.killsOfTheCommandLine += 1;
    if (said.opening && said.opened === undefined) counts.killsBeforeOpenReturned += 1;
    if (said.closing && !said.closed) counts.killsBeforeCloseReturned += 1;
    if (said.truncation.done > 0) counts.writersThatTruncated += 1;
    if (said.cursor.done > 0) counts.writersThatMovedTheCursor += 1;
    if (options?.directIO) counts.writersOnDirectIO += 1;
    counts.recordsAcknowledged += said.acknowledgedRecords;
  }

  /** The open of a writer shows what the look in front of it showed, and the cursor where it was. */
  #judgeOpen({ number, kind }, said) {
    if (said.opened !== undefined) {
      const { firstSeq, lastSeq, recovery, cursors } = said.opened;
      this.#note(`the open of writer ${number}`, [
        ...judgeSame(this.#before, { firstSeq, lastSeq, tail: recovery.tail }),
        ...judgeCursor(this.#cursor, cursors, firstSeq),
      ]);
      const seq = cursors.find(({ name }) => name === CURSOR)?.seq ?? 0;
      this.#cursor = { asked: seq, done: seq };
    }
    this.#cursor.asked = Math.max(this.#cursor.asked, said.cursor.asked);
    this.#cursor.done = Math.max(this.#cursor.done, said.cursor.done);
    if (said.opened !== undefined || kind === 'command line') this.#before = {};
    // A recovery that was killed has changed nothing that can be seen, but it may have got as far as
    // its witness, behind which the tail is gone.
    else delete this.#before.tail;
  }

  async #look(number) {
    const { history, counts } = this;
    const known = history.lastSeq;
    try {
      this.#before = await look(this.#directory, history);
    } catch (error) {
      // Killed before the directory was a journal: then nothing was acknowledged to anybody.
      const isNothing = known === 0 && counts.recordsAcknowledged === 0;
      if (error.code === 'ERR_TIDEMARK_IO' && isNothing) return;
      throw error;
    }
    counts.recordsRecovered = history.lastSeq;
    counts.recordsRead += this.#before.records;
    counts.tails[this.#before.tail] += 1;
    for (const one of this.#ends.splice(0)) this.#judgeEnd(one, one.plan.number === number);

    const after = `after kill ${number}`;
    const { problems, report } = await judgeFiles(this.#directory, this.#before);
    this.#note(after, problems);
    counts.segmentsMade = Math.max(counts.segmentsMade, report.segments.at(-1).id);
    this.#note(
      `opened again ${after}`,
      judgeSame(this.#before, await look(this.#directory, history)),
    );

    // Nobody writes now: the followers have to come to the very end that the opens found.
    this.#followers ??= new Followers(this.#directory, this.#disturbance);
    await this.#followers.reach(history.lastSeq);
    for (const [who, runs] of this.#followers.take()) history.expect(runs, `${who} saw`);
    this.#note(after, this.#followers.failures);
  }

  #judgeEnd(one, isLast) {
    const { by, number, producers = [{ by }], options } = one.plan;
    const facts = { producers, retains: options?.retain !== undefined, isLast };
    const { firstSeq } = this.#before;
    const { problems, read } = judgeSaid(facts, one.end.said, this.history, firstSeq);
    this.#note(`writer ${number}`, problems);
    this.counts.recordsAcknowledgedAndRead += read;
    const unread = this.history.unread > one.unread;
    const { unwritten, inSync, unacknowledged } = evidenceOf(one, this.history, { unread });
    const counts = this.counts.commitsInFlight;
    if (unwritten) counts.handedOverAndNotInTheFile += 1;
    if (inSync) counts.writerSeenInSync += 1;
    if (unwritten || inSync) counts.proven += 1;
    if (unacknowledged) counts.inTheFileAndNotAcknowledged += 1;
  }

  async end() {
    await this.#followers?.stop();
    const journal = await Journal.open(this.#directory);
    const { firstSeq, lastSeq, recovery } = journal;
    this.#note(
      'the last open',
      judgeSame(this.#before, { firstSeq, lastSeq, tail: recovery.tail }),
    );
    await this.history.read(journal);
    await journal.close();
    const { problems } = await judgeFiles(this.#directory, { lastSeq, tail: 'clean' });
    this.#note('at the end', problems);
    const figures = this.#followers?.figures ?? {};
    for (const [who, { records, truncations }] of Object.entries(figures)) {
      this.counts.shownToFollowers[who] = records;
      this.counts.truncationsThatOvertookFollowers[who] = truncations;
    }
    this.counts.processesStopped = this.#disturbance?.stops ?? 0;
    this.counts.reportsLeftUnread = this.#disturbance?.delays ?? 0;
  }

  stop() {
    return this.#followers?.stop();
  }
}

/**
 * So many kills on a journal in `directory`; resolves with { counts, problems }. `isDisturbed`: its
 * processes are stopped and continued, and their reports are late (disturbance.mjs).
 */
export async function killRound({ directory, kills, seed, isDisturbed = false, log }) {
  const direct = await doesDirect(directory);
  const round = new Round(join(directory, 'journal'), { seed, direct, isDisturbed });
  const { problems } = round.history;
  try {
    for (let number = 1; number <= kills && problems.length === 0; number += 1) {
      await round.kill(number, number === kills);
      if (number % LOG_EVERY === 0) {
        log(`${number} kills, ${round.history.lastSeq} records, ${problems.length} problems`);
      }
    }
    await round.end();
  } catch (error) {
    // An open that is refused, a writer that ended otherwise: whatever it is, the storm has found it.
    round.history.problem(error.stack);
  } finally {
    await round.stop();
  }
  return { counts: round.counts, problems };
}
