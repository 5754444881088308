// The followers of the kill storm, as seen by the storm: what they were shown and is not judged yet.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runOfLine } from '../../support/oracle.mjs';

/** Followers look every few milliseconds; one that needs longer than this has stopped looking. */
const MOST_MS = 60_000;

export class Followers {
  /** Of each follower: the runs that it reported since they were last taken, and its figures. */
  #of = {
    process: { runs: [], next: 0, records: 0, truncations: 0 },
    worker: { runs: [], next: 0, records: 0, truncations: 0 },
  };
  #child;
  #failures = [];
  #ended;
  #wake = () => {};

  /** `disturbance`, if any, disturbs their process. */
  constructor(directory, disturbance) {
    this.#child = spawn(process.execPath, [join(import.meta.dirname, 'follower.mjs'), directory], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    let complaint = '';
    const reports = this.#child.stdio[3];
    reports.setEncoding('latin1').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) this.#line(line);
      this.#wake();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (chunk) => {
      complaint += chunk;
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        if (signal !== 'SIGTERM') this.#failures.push(`ended with ${code ?? signal}\n${complaint}`);
        this.#wake();
        resolve();
      });
    });
    disturbance?.disturb(this.#child, reports);
  }

  #line(line) {
    const [who, what] = line.split(' ', 2);
    const rest = line.slice(who.length + what.length + 2);
    const follower = this.#of[who];
    if (what === 'shown') {
      const run = runOfLine(rest);
      follower.runs.push(run);
      follower.next = run.seq + run.count;
      follower.records += run.count;
    } else if (what === 'truncated') {
      follower.truncations += 1;
      follower.next = Number(rest.split(' ')[1]);
    } else {
      this.#failures.push(`the follower in a ${who}: ${rest}`);
    }
  }

  /** Waits until everything up to `lastSeq` was shown to all of them, or one of them failed. */
  async reach(lastSeq) {
    const behind = () => Object.values(this.#of).some(({ next }) => next <= lastSeq);
    const timer = setTimeout(() => {
      const places = Object.entries(this.#of).map(([who, { next }]) => `${who}: ${next}`);
      this.#failures.push(`no follower moves; due are ${places.join(', ')}, not ${lastSeq + 1}`);
      this.#wake();
    }, MOST_MS);
    while (this.#failures.length === 0 && behind()) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
  }

  /** [who, runs] of what they were shown since the last call; each has to be in the journal. */
  take() {
    return Object.entries(this.#of).map(([who, follower]) => {
      const { runs } = follower;
      follower.runs = [];
      return [`the follower in a ${who}`, runs];
    });
  }

  get failures() {
    return this.#failures;
  }

  /** Of each: { records, truncations }. */
  get figures() {
    return this.#of;
  }

  async stop() {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
