// Works on a journal and says what it asks for before it asks, and what it was told, line by line.
// What the lines mean is what told.mjs makes of them.
import { setTimeout as pause } from 'node:timers/promises';
import { idsOfSession, recordOf } from './records.mjs';

const CURSOR = 'reader';
/** Looks, a millisecond apart, that are spent waiting for an idle mark. */
const MOST_LOOKS = 100;

export class Teller {
  #say;
  #lastId;
  /** Whether the writer was ended by an error; a program stops there. */
  poisoned = false;
  acknowledged = 0;
  /** Whether the last append was refused. */
  refused = false;

  /** `say` must have said the line when it returns. */
  constructor(say, session) {
    this.#say = say;
    this.#lastId = session * idsOfSession;
    say({ say: 'session', session });
  }

  nextIds(count) {
    return Array.from({ length: count }, () => ++this.#lastId);
  }

  say(line) {
    this.#say(line);
  }

  #told(error) {
    const { code, outcome, path, row, message } = error;
    if (code === 'ERR_TIDEMARK_POISONED') this.poisoned = true;
    return { code: code ?? error.name, cause: error.cause?.code, outcome, path, row, message };
  }

  failed(what, error) {
    this.say({ say: 'failed', what, ...this.#told(error) });
  }

  submit(ids, durability = 'commit') {
    this.say({ say: 'submit', ids, weak: durability !== 'commit' });
    return ids.map(recordOf);
  }

  /** Appends the records with these ids as one commit; the error, or undefined. */
  async append(journal, ids, durability = 'commit') {
    const values = this.submit(ids, durability);
    try {
      const { firstSeq } =
        values.length === 1
          ? { firstSeq: await journal.append(values[0], { durability }) }
          : await journal.appendBatch(values, { durability });
      this.acknowledged += ids.length;
      this.refused = false;
      this.say({ say: 'acknowledged', ids, firstSeq });
      return undefined;
    } catch (error) {
      this.refused = true;
      this.say({ say: 'rejected', ids, ...this.#told(error) });
      return error;
    }
  }

  one(journal, durability) {
    return this.append(journal, this.nextIds(1), durability);
  }

  /** So many appends that do not wait for each other. */
  atOnce(journal, count) {
    return Promise.all(Array.from({ length: count }, () => this.one(journal)));
  }

  async sync(journal) {
    await journal.sync().catch((error) => this.failed('sync', error));
  }

  async truncate(journal, seq) {
    this.say({ say: 'truncate', to: seq });
    try {
      const { firstSeq } = await journal.truncateBefore(seq);
      this.say({ say: 'truncated', firstSeq });
      return undefined;
    } catch (error) {
      this.failed('truncate', error);
      return error;
    }
  }

  async cursor(journal) {
    return journal.cursor(CURSOR).catch((error) => this.failed('cursor', error));
  }

  async advance(journal, cursor, seq) {
    const next = Math.min(seq, journal.durableSeq);
    if (cursor === undefined || next <= cursor.seq) return;
    this.say({ say: 'advance', to: next });
    try {
      await cursor.advance(cursor.seq, next);
      this.say({ say: 'advanced', to: next });
    } catch (error) {
      this.failed('advance', error);
    }
  }

  /** Lets the writer idle until its mark is there, or cannot come. */
  async idle(journal) {
    const { marks } = journal.stats();
    const due = () => !this.refused && journal.stats().marks === marks;
    for (let look = 0; look < MOST_LOOKS && due(); look += 1) await pause(1);
  }

  async close(journal) {
    try {
      await journal.close();
      this.say({ say: 'closed' });
    } catch (error) {
      this.failed('close', error);
    }
  }
}
