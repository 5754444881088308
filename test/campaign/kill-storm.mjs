// The kill storm: `tidemark append --ack` is fed lines and killed with SIGKILL, again and again on the
// same directory. After each kill a read-only open must show everything that was acknowledged, with
// contiguous seqs and the right values.
//
// When it is killed is drawn beforehand: mostly so many acknowledgements and so many microseconds
// after that, sometimes so many microseconds after the start, so that kills meet recovery as well.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Journal, verify } from '../../dist/index.mjs';
import { claim, integer, root, seeded } from './support.mjs';

/** Lines that may be handed over and not yet acknowledged; all of them fit into a pipe. */
const windows = [1, 8, 64, 256];
const SHORT_TEXT = 120;
/** In some runs with few lines at a time: frames of many pages, which a kill can cut. */
const LONG_TEXT = 6000;
const MOST_LONG_LINES = 8;
/** A run ends after at most so many windows of acknowledgements. */
const MOST_WINDOWS = 40;
const MOST_MICROSECONDS_AFTER = 3000;
const START_KILLS_OF = 8; // one in so many
const FIRST_START_MS = 150;
/** Every record of the journal is read again each so many kills. */
const READ_ALL_EVERY = 25;

/** The k-th line (from 1) of a run: it says who it is, its length varies. */
export function lineOf(seed, run, k, mostText = SHORT_TEXT) {
  const random = seeded(seed ^ Math.imul(run, 0x9e3779b1) ^ Math.imul(k, 0x85ebca6b));
  return JSON.stringify({ run, k, text: 'x'.repeat(integer(random, 0, mostText)) });
}

/** What is wrong with the end that one killed run left; empty when all is well. */
export function judgeRun({ base, acknowledged, handed, lastSeq }) {
  const problems = [];
  const wrong = acknowledged.findIndex((seq, index) => seq !== base + index + 1);
  if (wrong >= 0) {
    problems.push(`acknowledgement ${wrong + 1} after ${base} is of seq ${acknowledged[wrong]}`);
  }
  if (lastSeq < base + acknowledged.length) {
    problems.push(`acknowledged up to ${base + acknowledged.length}, found up to ${lastSeq}`);
  }
  if (lastSeq > base + handed) {
    problems.push(`handed over up to ${base + handed}, found up to ${lastSeq}`);
  }
  return problems;
}

/** Reads from `from` to the end; what is wrong with seqs and values. `lineAt(seq)` is the right one. */
export async function judgeRecords(journal, from, lineAt) {
  const problems = [];
  let expected = from;
  for await (const { seq, value } of journal.read({ from })) {
    if (seq !== expected) problems.push(`seq ${seq} where ${expected} was due`);
    const line = JSON.stringify(value);
    if (line !== lineAt(seq)) problems.push(`seq ${seq} is ${line} instead of ${lineAt(seq)}`);
    expected = seq + 1;
    if (problems.length > 10) break;
  }
  if (expected !== journal.lastSeq + 1) {
    problems.push(`reading ended before ${expected}, lastSeq is ${journal.lastSeq}`);
  }
  return problems;
}

/** Draws what one run does and when it is killed. */
function draw(random, startMs) {
  const window = windows[integer(random, 0, windows.length - 1)];
  const atStart = integer(random, 1, START_KILLS_OF) === 1;
  const long = window <= MOST_LONG_LINES && integer(random, 0, 1) === 1;
  return {
    window,
    mostText: long ? LONG_TEXT : SHORT_TEXT,
    atStart,
    acknowledgements: atStart ? 0 : integer(random, 1, MOST_WINDOWS * window),
    microseconds: atStart
      ? integer(random, 0, Math.round(startMs * 1500))
      : integer(random, 0, MOST_MICROSECONDS_AFTER),
  };
}

/** One run up to its death. */
function runUntilKilled(command, plan, makeLine) {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const [program, ...args] = command;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const acknowledged = [];
    let handed = 0;
    let rest = '';
    let complaint = '';
    let firstAckMs;
    let unaccepted = 0;
    let killed = false;

    const kill = () => {
      killed = true;
      unaccepted = child.stdin.writableLength;
      child.kill('SIGKILL');
    };
    // Checks the clock once a turn, so that lines and acknowledgements keep flowing meanwhile.
    const killAt = (moment) => {
      if (killed) return;
      if (process.hrtime.bigint() >= moment) kill();
      else setImmediate(killAt, moment);
    };
    // By halves, so that one half is being committed while the other is on its way.
    const half = Math.ceil(plan.window / 2);
    const feed = () => {
      if (killed) return;
      const room = plan.window - (handed - acknowledged.length);
      let lines = '';
      for (const end = handed + Math.min(room, half); handed < end; ) {
        handed += 1;
        lines += `${makeLine(handed)}\n`;
      }
      if (lines === '') return;
      child.stdin.write(lines);
      setImmediate(feed);
    };
    const microseconds = BigInt(plan.microseconds) * 1000n;

    child.on('error', reject);
    child.stdin.on('error', () => {}); // the reader dies: that is the point
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      complaint += chunk;
    });
    child.stdout.setEncoding('latin1').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop(); // a number that the kill cut in two was not acknowledged
      const before = acknowledged.length;
      for (const line of lines) acknowledged.push(Number(line));
      firstAckMs ??= Number(process.hrtime.bigint() - started) / 1e6;
      const due = !plan.atStart && acknowledged.length >= plan.acknowledgements;
      if (due && before < plan.acknowledgements) killAt(process.hrtime.bigint() + microseconds);
      feed();
    });
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') {
        reject(
          new Error(`the writer ended with ${code ?? signal} before it was killed\n${complaint}`),
        );
        return;
      }
      resolve({ acknowledged, handed, unaccepted, firstAckMs });
    });
    feed();
    if (plan.atStart) killAt(started + microseconds);
  });
}

export async function killStorm({ directory, kills, seed, log = () => {} }) {
  const random = seeded(seed);
  const journalDirectory = join(directory, 'journal');
  const command = [
    ...[process.execPath, join(root, 'dist', 'cli', 'main.js'), 'append', journalDirectory],
    ...['--ack', '--segment-bytes', '65536'],
  ];
  /** Where the records of each run begin: seq base + k is line k of that run. */
  const runs = [];
  const lineAt = (seq) => {
    let low = 0;
    let high = runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (runs[middle].base < seq) low = middle;
      else high = middle - 1;
    }
    const { run, base: before, mostText } = runs[low];
    return lineOf(seed, run, seq - before, mostText);
  };

  const problems = [];
  const tails = { clean: 0, torn: 0, undecidable: 0 };
  let base = 0;
  let inFlight = 0;
  let unacknowledgedKept = 0;
  let atStart = 0;
  let acknowledgedRecords = 0;
  let rereads = 0;
  let startMs = FIRST_START_MS;
  for (let run = 1; run <= kills; run += 1) {
    const plan = draw(random, startMs);
    const end = await runUntilKilled(command, plan, (k) => lineOf(seed, run, k, plan.mostText));
    if (end.firstAckMs !== undefined) startMs = end.firstAckMs;
    runs.push({ run, base, mostText: plan.mostText });
    acknowledgedRecords += end.acknowledged.length;
    if (plan.atStart) atStart += 1;
    // All lines were in the pipe or beyond it, some of their records were never acknowledged.
    if (
      end.acknowledged.length > 0 &&
      end.unaccepted === 0 &&
      end.handed > end.acknowledged.length
    ) {
      inFlight += 1;
    }

    let journal;
    try {
      journal = await Journal.open(journalDirectory, { readOnly: true });
    } catch (error) {
      // Killed before the directory was a journal: then nothing may have been acknowledged.
      if (base + end.acknowledged.length > 0 || error.code !== 'ERR_TIDEMARK_IO') throw error;
      continue;
    }
    const { lastSeq } = journal;
    tails[journal.recovery.tail] += 1;
    problems.push(...judgeRun({ base, lastSeq, ...end }).map((text) => `kill ${run}: ${text}`));
    if (lastSeq > base + end.acknowledged.length) unacknowledgedKept += 1;
    const all = run % READ_ALL_EVERY === 0 || run === kills;
    if (all) rereads += 1;
    const wrong = await judgeRecords(journal, all ? 1 : base + 1, lineAt);
    problems.push(...wrong.map((text) => `kill ${run}: ${text}`));
    await journal.close();
    base = lastSeq;
    if (run % READ_ALL_EVERY === 0)
      log(`${run} kills, ${base} records, ${problems.length} problems`);
    if (problems.length > 0) break;
  }

  // The last recovery, then everything once more through the offline checker.
  const journal = await Journal.open(journalDirectory);
  const { recovery } = journal;
  problems.push(...(await judgeRecords(journal, 1, lineAt)).map((text) => `at the end: ${text}`));
  await journal.close();
  const report = await verify(journalDirectory);
  return {
    figures: {
      kills,
      seed,
      killsDuringStart: atStart,
      killsWithCommitInFlight: inFlight,
      killsThatKeptUnacknowledgedRecords: unacknowledgedKept,
      tailsFoundByReaders: tails,
      lastRecovery: { path: recovery.path, tail: recovery.tail },
      recordsAcknowledged: acknowledgedRecords,
      recordsAtTheEnd: report.records,
      segments: report.segments.length,
      readsOfEverything: rereads,
      problems: problems.slice(0, 10),
    },
    claims: [
      claim(
        'nothing acknowledged is missing, seqs are contiguous, values are right',
        problems.length === 0,
        problems.length,
        0,
      ),
      claim(
        'at least half of the kills met a commit in flight',
        inFlight * 2 >= kills,
        inFlight,
        Math.ceil(kills / 2),
      ),
      claim(
        'verify finds no problem and a clean tail at the end',
        report.ok,
        report.problems.length,
        0,
      ),
    ],
  };
}
