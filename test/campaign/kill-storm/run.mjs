// One run of the kill storm: starts the writer of a plan, kills it with SIGKILL at the moment of the
// plan, and says what it had reported by then.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addToRuns, runOfLine, valueBy } from '../../support/oracle.mjs';
import { onLinux, root } from '../support.mjs';
import { SEGMENT_BYTES } from './plan.mjs';

/** What the system says of a thread: it is on a processor, or the number of the call that it waits in. */
const states = {
  x64: { running: 'running', 74: 'sync', 75: 'sync' },
  arm64: { running: 'running', 82: 'sync', 83: 'sync' },
}[process.arch];

/** A hunt for a state ends after so many turns of the event loop. */
const MOST_TURNS = 20_000;

/** Sees what the writer thread of a process does. */
class WriterThread {
  #path;

  /** Looks for the thread; costs a millisecond. */
  find(pid) {
    if (this.#path !== undefined || !onLinux || states === undefined) return;
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const path = `/proc/${pid}/task/${thread}`;
        if (readFileSync(`${path}/comm`, 'latin1').trim() !== 'tidemark-writer') continue;
        this.#path = `${path}/syscall`;
      }
    } catch {
      // The process has ended, or may not be looked at.
    }
  }

  /** 'running', 'sync', or undefined; takes tens of microseconds. */
  state() {
    if (this.#path === undefined) return undefined;
    try {
      return states[readFileSync(this.#path, 'latin1').split(' ', 1)[0].trim()];
    } catch {
      return undefined;
    }
  }
}

/** What a writer had said when it died. */
class Said {
  opened;
  opening = false;
  closing = false;
  closed = false;
  submitted = new Map();
  handed = new Map();
  acknowledged = [];
  shown = [];
  cursor = { asked: 0, done: 0 };
  truncation = { asked: 0, done: 0 };
  acknowledgedRecords = 0;

  line(line) {
    const [word] = line.split(' ', 1);
    const rest = line.slice(word.length + 1);
    switch (word) {
      case 'submit':
      case 'handed': {
        const [by, k] = rest.split(' ');
        (word === 'submit' ? this.submitted : this.handed).set(by, Number(k));
        break;
      }
      case 'acknowledged':
      case 'shown': {
        const run = runOfLine(rest);
        this[word].push(run);
        if (word === 'acknowledged') this.acknowledgedRecords += run.count;
        break;
      }
      case 'advancing':
        this.cursor.asked = Number(rest);
        break;
      case 'advanced':
        this.cursor.done = Number(rest);
        break;
      case 'truncating':
        this.truncation.asked = Number(rest);
        break;
      case 'truncated':
        this.truncation.done = Number(rest);
        break;
      case 'opened':
        this.opened = JSON.parse(rest);
        break;
      case 'opening':
      case 'closing':
      case 'closed':
        this[word] = true;
        break;
      default:
        throw new Error(`the writer said ${line}`);
    }
    return word;
  }
}

/** The writer that is a program of ours. */
function startProgram(plan) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'writer.mjs'), JSON.stringify(plan)],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  return { child, reports: child.stdio[3], said: new Said(), begin: () => {} };
}

/** The command line, which is fed lines and prints seqs. It is told of in the words of the program. */
function startCommandLine({ directory, by, window }) {
  const child = spawn(
    process.execPath,
    [
      ...[join(root, 'dist', 'cli', 'main.js'), 'append', directory],
      ...['--ack', '--segment-bytes', `${SEGMENT_BYTES}`],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.on('error', () => {}); // the reader dies: that is the point
  const said = new Said();
  let acknowledged = 0;
  said.line = (line) => {
    acknowledged += 1;
    addToRuns(said.acknowledged, by, acknowledged, Number(line));
    said.acknowledgedRecords = acknowledged;
    return 'acknowledged';
  };
  // By halves, so that one half is being committed while the other is on its way.
  const half = Math.ceil(window / 2);
  const feed = (isKilled) => {
    if (isKilled()) return;
    const submitted = said.submitted.get(by) ?? 0;
    const last = submitted + Math.min(window - (submitted - acknowledged), half);
    let lines = '';
    for (let k = submitted + 1; k <= last; k += 1) lines += `${JSON.stringify(valueBy(by, k))}\n`;
    said.submitted.set(by, last);
    if (lines !== '') child.stdin.write(lines);
    setImmediate(feed, isKilled);
  };
  return { child, reports: child.stdout, said, begin: feed };
}

/**
 * Runs the writer up to its death; resolves with what it said and what it was doing. All that it said
 * has been read by then. `disturbance`, if any, disturbs it meanwhile.
 */
export function runUntilKilled(plan, disturbance) {
  return new Promise((resolve, reject) => {
    const { child, reports, said, begin } =
      plan.kind === 'program' ? startProgram(plan) : startCommandLine(plan);
    const thread = new WriterThread();
    const since = {};
    let rest = '';
    let complaint = '';
    let killing = false;
    let leaveAlone;
    let killed = false; // not child.killed, which any signal sets
    let state;

    let turns = 0;
    // Looks at the clock once a turn, so that reports keep flowing meanwhile.
    const killAt = (moment) => {
      if (process.hrtime.bigint() < moment) {
        setImmediate(killAt, moment);
        return;
      }
      state = thread.state();
      if (plan.hunts !== undefined && state !== plan.hunts && turns < MOST_TURNS) {
        turns += 1;
        setImmediate(killAt, moment);
        return;
      }
      killed = true;
      child.kill('SIGKILL');
    };
    const killSoon = () => {
      if (killing) return;
      killing = true;
      // A hunt needs a process that runs.
      if (plan.hunts !== undefined) leaveAlone?.();
      killAt(process.hrtime.bigint() + BigInt(plan.microseconds) * 1000n);
    };
    const warm = () => said.acknowledgedRecords >= plan.acknowledgements;
    const due = {
      load: warm,
      frame: warm,
      recovery: (word) => word === 'opening',
      close: (word) => word === 'closing',
      truncation: (word) => (word === 'advancing' || word === 'truncating') && warm(),
    }[plan.moment];

    child.on('error', reject);
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      complaint += chunk;
    });
    reports.setEncoding('latin1').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop(); // a line that the kill cut in two was not said
      for (const line of lines) {
        const word = said.line(line);
        since[word] ??= performance.now();
        if (word === 'acknowledged') thread.find(child.pid);
        if (due(word)) killSoon();
      }
    });
    // Comes when the process has ended and its reports were read to their end.
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL' || !killed) {
        reject(new Error(`writer ${plan.number} ended with ${code ?? signal}\n${complaint}`));
        return;
      }
      resolve({
        said,
        state,
        openMs: since.opened - since.opening,
        closeMs: since.closed - since.closing,
      });
    });
    begin(() => killed);
    leaveAlone = disturbance?.disturb(child, reports);
  });
}
