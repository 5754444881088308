// Random histories of a checkpoint against a model of it in a few lines, on the simulated disk.

import { join } from 'node:path';
import fc from 'fast-check';
import { Checkpoint } from 'tidemark';
import { SimulatedDisk } from 'tidemark/testing';
import { expect, it } from 'vitest';
import { rejection } from '../support/journals';
import { fileName } from './support';

const directory = '/state';

interface Generation {
  value: string;
  coveredSeq: number;
  damaged: boolean;
}

interface Model {
  generations: Map<number, Generation>;
  last: number;
  keep: number;
}

interface Real {
  disk: SimulatedDisk;
  checkpoint: Checkpoint<string>;
}

const newest = (model: Model) => Math.max(0, ...model.generations.keys());

/** Of generations that a load has found damaged, only the newer of two whole ones count. */
function forget(model: Model, known: ReadonlySet<number>): void {
  const descending = [...model.generations.keys()].sort((a, b) => b - a);
  let kept = 0;
  for (const generation of descending) {
    if (kept >= model.keep) model.generations.delete(generation);
    else if (!known.has(generation)) kept++;
  }
}

async function checkLoads(model: Model, real: Real, known: Set<number>): Promise<void> {
  const last = newest(model);
  const top = model.generations.get(last);
  if (top === undefined) {
    expect(await real.checkpoint.load()).toBeUndefined();
    expect(await real.checkpoint.loadLenient()).toBeUndefined();
    return;
  }
  if (top.damaged) {
    expect(await rejection(real.checkpoint.load())).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
      path: join(directory, fileName(last)),
    });
  } else {
    const { value, coveredSeq } = top;
    expect(await real.checkpoint.load()).toEqual({ value, generation: last, coveredSeq });
  }
  const rejected: number[] = [];
  let found: number | undefined;
  for (const generation of [...model.generations.keys()].sort((a, b) => b - a)) {
    if (!model.generations.get(generation)?.damaged) {
      found = generation;
      break;
    }
    rejected.push(generation);
    known.add(generation);
  }
  if (found === undefined) {
    expect(await rejection(real.checkpoint.loadLenient())).toMatchObject({
      code: 'ERR_TIDEMARK_CORRUPT',
    });
    return;
  }
  const lenient = await real.checkpoint.loadLenient();
  expect(lenient).toMatchObject({ generation: found, ...withoutDamage(model, found) });
  expect(lenient?.rejected.map(({ generation }) => generation)).toEqual(rejected);
}

function withoutDamage(model: Model, generation: number) {
  const { value, coveredSeq } = model.generations.get(generation) as Generation;
  return { value, coveredSeq };
}

type Step =
  | { kind: 'save'; values: string[]; coveredSeq: number }
  | { kind: 'reopen'; keep: number }
  | { kind: 'cut' }
  | { kind: 'damage'; which: number; at: number; bit: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('save' as const),
      values: fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      coveredSeq: fc.nat(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reopen' as const),
      keep: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('damage' as const),
      which: fc.nat(),
      at: fc.nat(),
      bit: fc.nat(7),
    }),
  },
);

/** Takes one step on both; `known` are the generations that this open has found damaged. */
async function take(step: Step, model: Model, real: Real, known: Set<number>): Promise<void> {
  if (step.kind === 'save') {
    const saves = step.values.map((value) =>
      real.checkpoint.save(value, { coveredSeq: step.coveredSeq }),
    );
    const generations = (await Promise.all(saves)).map(({ generation }) => generation);
    expect(generations).toEqual([...generations].sort((a, b) => a - b));
    const last = generations.at(-1) as number;
    expect(generations[0]).toBeGreaterThan(model.last);
    // How many of them got a generation of their own is up to the threads.
    for (const [index, value] of step.values.entries()) {
      const generation = generations[index] as number;
      model.generations.set(generation, { value, coveredSeq: step.coveredSeq, damaged: false });
      if (generations[index + 1] !== generation) forget(model, known);
    }
    model.last = last;
  } else if (step.kind === 'damage') {
    const all = [...model.generations.keys()];
    const generation = all[step.which % Math.max(1, all.length)];
    if (generation === undefined || model.generations.get(generation)?.damaged) return;
    const file = await real.disk.fs.open(join(directory, fileName(generation)), 'r+');
    const bytes = await real.disk.fs.read(file);
    const at = step.at % bytes.length;
    await real.disk.fs.write(file, Buffer.of((bytes[at] as number) ^ (1 << step.bit)), at);
    await real.disk.fs.sync(file);
    await real.disk.fs.close(file);
    (model.generations.get(generation) as Generation).damaged = true;
  } else {
    if (step.kind === 'cut') real.disk.cut({ keep: 'all' });
    await real.checkpoint.close().catch(() => {});
    if (step.kind === 'reopen') model.keep = step.keep;
    real.checkpoint = await Checkpoint.open<string>(directory, { keep: model.keep });
    known.clear();
  }
}

it('random saves, opens, cuts and damage: loads and generations as the model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const disk = new SimulatedDisk();
      await disk.run(async () => {
        const model: Model = { generations: new Map(), last: 0, keep: 2 };
        const checkpoint = await Checkpoint.open<string>(directory);
        const real: Real = { disk, checkpoint };
        const known = new Set<number>();
        for (const each of steps) {
          await take(each, model, real, known);
          await checkLoads(model, real, known);
          const listed = await real.checkpoint.generations();
          const expected = [...model.generations.keys()].sort((a, b) => b - a);
          expect(listed.map(({ generation }) => generation)).toEqual(expected);
          // The list has looked at the headers; damage of a body is met by a load.
          for (const { generation, problem } of listed) {
            if (problem !== undefined) known.add(generation);
          }
        }
        await real.checkpoint.close();
      });
    }),
    { numRuns: 60 },
  );
});
