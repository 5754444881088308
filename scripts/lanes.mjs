// Runs jobs in lanes: those of one lane one after the other, the lanes beside each other. What jobs say
// does not mix: the one that began first is heard at once, the others when all before them have ended.
import { AsyncLocalStorage } from 'node:async_hooks';

const circumstances = new AsyncLocalStorage();
const aloud = (text, stream = process.stdout) => stream.write(text);

/**
 * Of the job that runs: `say(text, stream)`, and how much `nicer` than this process its programs are
 * to be.
 */
export const ofThisJob = () => circumstances.getStore() ?? { say: aloud, nicer: 0 };

/**
 * Resolves when all jobs have ended, or rejects with what the first of them threw.
 * @param {{
 *   name: string,
 *   lane: string,
 *   run: () => unknown,
 *   nicer?: number,
 * }[]} jobs
 * @param {(text: string, stream?: NodeJS.WritableStream) => unknown} speak takes what is heard
 */
export async function inLanes(jobs, speak = aloud) {
  const turns = [];
  const passOn = () => {
    while (turns[0]?.over) {
      turns.shift();
      for (const words of turns[0]?.said.splice(0) ?? []) speak(...words);
    }
  };
  const begin = async ({ run, nicer = 0 }) => {
    const turn = { said: [], over: false };
    turns.push(turn);
    const say = (...words) => (turns[0] === turn ? speak(...words) : turn.said.push(words));
    try {
      await circumstances.run({ say, nicer }, run);
    } finally {
      turn.over = true;
      passOn();
    }
  };

  const lanes = new Map();
  for (const job of jobs) {
    const before = lanes.get(job.lane) ?? Promise.resolve();
    lanes.set(
      job.lane,
      before.then(() => begin(job)),
    );
  }
  await Promise.all(lanes.values());
}
