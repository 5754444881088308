// The oracle of the storms: judges a journal that several appended to and that ended somehow.
// Acknowledged ⊆ recovered ⊆ submitted, of each one a prefix in order, byte-identical, and what one
// open showed the next shows.
//
// Every value says who appended it (`by`), that it was the k-th of that one (from 1), and carries a
// text that both determine: a record that is wrong, misplaced or made up is seen by itself.

/** FNV-1a over the characters, 32 bits (Fowler, Noll, Vo). */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** One who appends: `name` tells it apart, its texts have up to `mostText` characters. */
export const producer = (name, mostText) => `${name}:${mostText}`;

/** The k-th value of `by`. */
export function valueBy(by, k) {
  const hash = hashOf(`${by}/${k}`);
  const mostText = Number(by.slice(by.lastIndexOf(':') + 1));
  const length = hash % (mostText + 1);
  const word = `${hash.toString(36)}.`;
  return { by, k, text: word.repeat(Math.ceil(length / word.length)).slice(0, length) };
}

/** Whether a value is, to the byte of its JSON, what somebody appended. */
export function isGenuine(value) {
  const { by, k } = value ?? {};
  if (typeof by !== 'string' || !Number.isSafeInteger(k) || !/:\d+$/.test(by)) return false;
  return JSON.stringify(value) === JSON.stringify(valueBy(by, k));
}

/**
 * Adds a record to a list of runs: records of one producer with contiguous k and contiguous seqs.
 * Acknowledgements and observations are lists of them.
 */
export function addToRuns(runs, by, k, seq) {
  const last = runs.at(-1);
  if (last?.by === by && last.k + last.count === k && last.seq + last.count === seq) {
    last.count += 1;
  } else {
    runs.push({ by, k, seq, count: 1 });
  }
}

/** A run as a line of text, and back. Names have no blanks. */
export const runToLine = ({ by, k, seq, count }) => `${by} ${k} ${seq} ${count}`;
export function runOfLine(line) {
  const [by, ...numbers] = line.split(' ');
  const [k, seq, count] = numbers.map(Number);
  return { by, k, seq, count };
}

const MOST_PROBLEMS = 20;
const UNREAD = 0; // in place of the number of a producer

/** What was recovered, learnt by reading; once learnt, a seq has to stay what it is. */
export class History {
  problems = [];
  lastSeq = 0;
  /** How many seqs below lastSeq were truncated before anybody read them. */
  unread = 0;
  #names = [''];
  #numbers = new Map();
  #by = new Uint32Array(4096);
  #k = new Uint32Array(4096);
  #reached = new Map(); // of each producer: its last k, and how much was unread by then

  problem(text) {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(text);
  }

  /** How far a producer came: its last k that was recovered, 0 for none. */
  reached(by) {
    return this.#reached.get(by)?.k ?? 0;
  }

  producers() {
    return [...this.#reached.keys()];
  }

  /**
   * Reads to the end, from `from` or from the first record, whatever is wrong on the way: what is behind a
   * problem is not missing. Returns how many records that was.
   */
  async read(journal, from = journal.firstSeq) {
    // Released before anybody read it; it may be all that there was.
    if (journal.firstSeq - 1 > this.lastSeq) this.#skip(journal.firstSeq - 1);
    let due = from;
    for await (const { seq, value } of journal.read({ from })) {
      if (seq !== due) this.problem(`seq ${seq} was read where ${due} was due`);
      if (!isGenuine(value)) {
        this.problem(`seq ${seq} holds ${JSON.stringify(value)?.slice(0, 100)}`);
        if (seq > this.lastSeq) this.#skip(seq);
      } else if (seq <= this.lastSeq) {
        this.#compare(seq, value);
      } else {
        this.#learn(seq, value);
      }
      due = seq + 1;
    }
    if (due !== journal.lastSeq + 1) {
      this.problem(`reading ended in front of ${due}, lastSeq is ${journal.lastSeq}`);
    }
    if (journal.lastSeq < this.lastSeq) {
      this.problem(`the journal ends at ${journal.lastSeq}; before it ended at ${this.lastSeq}`);
    }
    return due - from;
  }

  /**
   * Every record of the runs has to be there as it is said, unless nobody could read it. Returns how many
   * were found.
   */
  expect(runs, what) {
    let found = 0;
    for (const { by, k, seq, count } of runs) {
      for (let i = 0; i < count; i += 1) {
        if (seq + i > this.lastSeq) {
          this.problem(
            `${what} seq ${seq + i} (${by}, ${k + i}); the journal ends at ${this.lastSeq}`,
          );
          break;
        }
        const number = this.#by[seq + i];
        if (number === UNREAD) continue;
        if (this.#names[number] !== by || this.#k[seq + i] !== k + i) {
          const other = `${this.#names[number]}, ${this.#k[seq + i]}`;
          this.problem(`${what} seq ${seq + i} as (${by}, ${k + i}); it is (${other})`);
          break;
        }
        found += 1;
      }
    }
    return found;
  }

  #compare(seq, { by, k }) {
    if (this.#by[seq] === UNREAD) return;
    const before = { by: this.#names[this.#by[seq]], k: this.#k[seq] };
    if (before.by === by && before.k === k) return;
    this.problem(`seq ${seq} was (${before.by}, ${before.k}) and is (${by}, ${k})`);
  }

  /** There are records up to this one, and nobody can tell whose. */
  #skip(seq) {
    this.unread += seq - this.lastSeq;
    this.#by = withRoom(this.#by, seq);
    this.#k = withRoom(this.#k, seq);
    this.lastSeq = seq;
  }

  #learn(seq, { by, k }) {
    this.unread += seq - this.lastSeq - 1;
    // Order of calls is order of seqs and nothing is left out, so only what nobody read can be missing.
    const before = this.#reached.get(by) ?? { k: 0, unread: 0 };
    const missing = k - before.k - 1;
    if (missing < 0 || missing > this.unread - before.unread) {
      this.problem(`seq ${seq} is the ${k}th of ${by}, behind its ${before.k}th`);
    }
    this.#reached.set(by, { k, unread: this.unread });
    let number = this.#numbers.get(by);
    if (number === undefined) {
      number = this.#names.push(by) - 1;
      this.#numbers.set(by, number);
    }
    this.#by = withRoom(this.#by, seq);
    this.#k = withRoom(this.#k, seq);
    this.#by[seq] = number;
    this.#k[seq] = k;
    this.lastSeq = seq;
  }
}

function withRoom(array, index) {
  if (index < array.length) return array;
  const larger = new Uint32Array(Math.max(2 * array.length, index + 1));
  larger.set(array);
  return larger;
}
