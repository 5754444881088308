// The storms of threads in small: whatever happens at the same time, and however threads and processes
// end, nothing crashes and nothing acknowledged is lost.
import { describe, expect, it } from 'vitest';
import { plain } from './forms.mjs';
import { runStorm } from './run.mjs';
import { machine } from './runtimes.mjs';
import { storms } from './storms/list.mjs';

const seed = 20260103;
const scale = 0.5;

describe('the addon as it is published, on the Node of the machine', () => {
  it.each(Object.entries(storms))('%s', async (name) => {
    const { problems } = await runStorm({ name, runtime: machine, form: plain, seed, scale });
    expect(problems).toEqual([]);
  });
});
