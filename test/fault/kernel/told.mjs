// What writers said (children/writer.mjs), put together: which records may, must and must not be in
// the journal. One list of lines holds the sessions of a directory one after the other.

/** The lines of a text; one that was cut by the end of its writer was not said. */
export function linesOf(text) {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const NEVER = Number.POSITIVE_INFINITY;

class Told {
  problems = [];
  /** By id: when it was submitted with what and refused, its outcome or seq, whether it is in doubt. */
  records = new Map();
  /** Seqs and ids that an open showed: [seq, id]. */
  shown = new Map();
  errors = [];
  /** Truncation: what must hold and what may. */
  firstSeq = { least: 1, most: 1 };
  cursor = { least: 0, most: 0, asked: false };
  sessions = [];

  get session() {
    return this.sessions.at(-1);
  }

  add(line, at) {
    switch (line.say) {
      case 'session':
        this.endSession(at);
        this.sessions.push({ session: line.session, poisoned: false, ended: false });
        break;
      case 'submit':
        for (const id of line.ids) {
          const { session } = this.session;
          this.records.set(id, { session, at, batch: line.ids, weak: line.weak, refusedAt: NEVER });
        }
        break;
      case 'acknowledged':
        this.acknowledged(line);
        break;
      case 'rejected':
        this.rejected(line, at);
        break;
      case 'open':
        for (const [seq, id] of line.records) this.shown.set(seq, id);
        this.session.opened = line;
        break;
      case 'truncate':
        this.firstSeq.most = Math.max(this.firstSeq.most, line.to);
        break;
      case 'truncated':
        this.firstSeq.least = Math.max(this.firstSeq.least, line.firstSeq);
        break;
      case 'advance':
        this.cursor.most = Math.max(this.cursor.most, line.to);
        this.cursor.asked = true;
        break;
      case 'advanced':
        this.cursor.least = line.to;
        break;
      case 'failed':
        this.failure(line);
        break;
      case 'goes on':
        this.session.goesOn = true;
        break;
      case 'closed':
        this.session.closed = true;
        this.cover();
        break;
      case 'end':
        this.session.ended = true;
        break;
      default:
        this.problems.push(`nobody knows the line ${JSON.stringify(line)}`);
    }
  }

  acknowledged({ ids, firstSeq }) {
    if (this.session.poisoned) {
      this.problems.push(`record ${ids[0]} was acknowledged after the writer was poisoned`);
    }
    for (const [index, id] of ids.entries()) {
      this.records.get(id).seq = firstSeq + index;
    }
    if (!this.records.get(ids[0]).weak) this.cover();
  }

  /**
   * A sync covered what was acknowledged so far: durable always means the whole prefix. Of earlier
   * sessions that is what an open showed; the end of a session may have taken the rest.
   */
  cover() {
    const { session } = this.session;
    for (const [id, record] of this.records) {
      if (record.seq === undefined) continue;
      if (record.session === session || this.shown.get(record.seq) === id) record.weak = false;
    }
  }

  rejected(line, at) {
    if (line.outcome !== 'not-written' && line.outcome !== 'unknown') {
      this.problems.push(`record ${line.ids[0]} was rejected with the outcome ${line.outcome}`);
    }
    for (const id of line.ids) {
      Object.assign(this.records.get(id), { refusedAt: at, outcome: line.outcome });
    }
    this.failure(line);
  }

  failure(line) {
    if (!/^ERR_TIDEMARK_[A-Z_]+$/.test(line.code)) {
      this.problems.push(`an error without a type: ${JSON.stringify(line)}`);
    }
    this.errors.push({ ...line, session: this.session.session });
    if (line.code === 'ERR_TIDEMARK_POISONED') {
      this.session.poisoned = true;
      // What was acknowledged without a sync is in doubt from now on (docs/errors.md).
      for (const record of this.records.values()) {
        if (record.weak) record.doubtful = true;
      }
    }
  }

  /** What is missing behind a session need not be missing in front of the records of the next. */
  endSession(at) {
    for (const record of this.records.values()) {
      record.refusedAt = Math.min(record.refusedAt, at);
    }
  }
}

export function toldBy(lines) {
  const told = new Told();
  for (const [at, line] of lines.entries()) told.add(line, at);
  told.endSession(lines.length);
  return told;
}

/** Whether the journal must hold this record. `power`: what no sync covered may be lost. */
export function mustBeThere(record, { power = false } = {}) {
  return record.seq !== undefined && !(record.weak && (power || record.doubtful));
}
