// Runs one storm: storm.mjs '{"name", "directory", "seed", "scale"}'.
import { Context } from './context.mjs';
import { storms } from './list.mjs';

const input = JSON.parse(process.argv[2]);
await storms[input.name].run(new Context(input));
