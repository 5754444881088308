// Children that speak in lines, and the watchdog: no step of the rig waits for ever.
import { spawn } from 'node:child_process';

/** Longer than any step takes on a busy machine. */
export const STEP_SECONDS = 60;

/** `promise`, or an error that names the step when it takes too long. */
export function within(step, promise, seconds = STEP_SECONDS) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${step}: not done in ${seconds} s`)),
      seconds * 1000,
    );
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class LineChild {
  #name;
  #process;
  #complaint = '';
  #rest = '';
  #lines = [];
  #waiting = [];
  #ended;

  /** `onText(text)` gets what comes, as it comes; without it next() gives lines one by one. */
  constructor(name, command, args, { onText = (text) => this.#take(text) } = {}) {
    this.#name = name;
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stdin.on('error', () => {}); // it died: `ended` tells
    this.#process.stdout.setEncoding('latin1').on('data', onText);
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#complaint += text;
    });
    this.#ended = new Promise((resolve) => {
      this.#process.on('close', (code, signal) => resolve({ code, signal }));
      this.#process.on('error', (error) => {
        this.#complaint += error.message;
        resolve({ code: null, signal: null });
      });
    });
    this.#ended.then(() => {
      for (const { reject } of this.#waiting.splice(0)) reject(this.failure());
    });
  }

  #take(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) {
      const waiting = this.#waiting.shift();
      if (waiting) waiting.resolve(line);
      else this.#lines.push(line);
    }
  }

  failure() {
    const { exitCode, signalCode } = this.#process;
    return new Error(`${this.#name} ended (${exitCode ?? signalCode}): ${this.#complaint.trim()}`);
  }

  get hasEnded() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
  get ended() {
    return this.#ended;
  }

  say(line) {
    this.#process.stdin.write(`${line}\n`);
  }
  endInput() {
    this.#process.stdin.end();
  }

  /** The next line; rejects when the child ends instead. */
  next(step) {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.hasEnded) return Promise.reject(this.failure());
    return within(
      `${this.#name}, ${step}`,
      new Promise((resolve, reject) => this.#waiting.push({ resolve, reject })),
    );
  }

  kill(signal = 'SIGKILL') {
    this.#process.kill(signal);
    return within(`${this.#name}, ending`, this.#ended);
  }
}

/** Runs a program of Node with `input` as its argument; what it prints, as JSON. */
export async function runScript(name, script, input) {
  let output = '';
  const child = new LineChild(name, process.execPath, [script, JSON.stringify(input)], {
    onText: (text) => {
      output += text;
    },
  });
  child.endInput();
  try {
    const { code } = await within(name, child.ended);
    if (code !== 0) throw child.failure();
  } catch (error) {
    await child.kill();
    throw error;
  }
  return JSON.parse(output);
}
