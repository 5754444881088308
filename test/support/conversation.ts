// A worker thread that a test talks with: what it says is kept until the test asks for it.
import type { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';

export function conversation<Answer>(worker: Worker) {
  onTestFinished(async () => {
    await worker.terminate();
  });
  const messages: Answer[] = [];
  let wake = () => {};
  worker.on('message', (message) => {
    messages.push(message);
    wake();
  });
  return {
    worker,
    send: (message: object) => worker.postMessage(message),
    async next<Said = Answer>(): Promise<Said> {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() as unknown as Said;
    },
  };
}
