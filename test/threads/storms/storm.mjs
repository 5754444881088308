// Runs one storm: storm.mjs '{"name", "directory", "seed", "scale"}'.
import { Context } from './context.mjs';
import { storms } from './list.mjs';

const input = JSON.parse(process.argv[2]);
let hasEnded = false;
process.on('exit', (code) => {
  // What nothing settles any more, as Node says it of an `await` here.
  if (!hasEnded && code === 0) process.exitCode = 13;
});
// No `await`: Bun 1.4 does not end by an uncaught exception as long as its first module waits.
storms[input.name].run(new Context(input)).finally(() => {
  hasEnded = true;
});
