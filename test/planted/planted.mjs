// Plants each defect of this directory in a scratch copy and looks which nets catch it. A patch says
// in front of its first hunk which promise it breaks and which nets must catch it:
//   Promise: what is broken
//   Nets: crash fault
// Every defect must be caught by each net that it names. The unit tests are cast as well, so that it
// shows what only a net catches.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nets } from './nets.mjs';
import { applies, Scratch } from './scratch.mjs';

/** So many defects there must be, and so many nets that catch something no unit test does. */
const leastDefects = 25;
const leastNets = 3;

export function readDefects(directory = import.meta.dirname) {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.patch'))
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const text = readFileSync(path, 'utf8');
      const field = (key) => new RegExp(`^${key}: (.*)$`, 'm').exec(text)?.[1];
      const promise = field('Promise');
      const named = field('Nets')?.split(/\s+/) ?? [];
      const unknown = named.filter((net) => nets[net] === undefined);
      if (promise === undefined || named.length === 0 || unknown.length > 0) {
        throw new Error(`${name}: it must say Promise: and Nets: (unknown: ${unknown.join(', ')})`);
      }
      return { name: name.slice(0, -'.patch'.length), path, promise, nets: named };
    });
}

const claim = (text, holds, measured, bound) => ({ claim: text, holds, measured, bound });

async function castAll(scratch, defect) {
  const result = { ...defect, path: undefined, applies: true, caught: {} };
  const first = [...new Set(['unit', ...defect.nets])];
  result.builds = await scratch.build(first.map((name) => nets[name]));
  if (!result.builds) return result;
  for (const name of first) result.caught[name] = await scratch.cast(nets[name]);
  // Only where it matters: the unit tests of lib/ need the whole addon.
  if (result.caught.unit.green && defect.nets.some((name) => !result.caught[name].green)) {
    result.builds = await scratch.build([nets['unit-js']]);
    result.caught['unit-js'] = await scratch.cast(nets['unit-js']);
  }
  return result;
}

/** All of one defect: what each net said. */
async function plant(scratch, defect, log) {
  if (!scratch.apply(defect.path)) return { ...defect, path: undefined, applies: false };
  const result = await castAll(scratch, defect);
  scratch.fill();
  const line = Object.entries(result.caught)
    .map(([name, { green, seconds }]) => `${name} ${green ? 'green' : 'RED'} (${seconds} s)`)
    .join(', ');
  log(`${defect.name}: ${line || 'DOES NOT BUILD'}`);
  return result;
}

const isCaught = (result, name) => result.caught?.[name]?.green === false;
const byUnit = (result) => isCaught(result, 'unit') || isCaught(result, 'unit-js');

/** Of each net: what it caught, and what no unit test did. */
export function summary(results) {
  return Object.fromEntries(
    Object.keys(nets).map((name) => [
      name,
      {
        about: nets[name].about,
        caught: results.filter((result) => isCaught(result, name)).map((result) => result.name),
        alone: results
          .filter((result) => isCaught(result, name) && !byUnit(result))
          .map((result) => result.name),
      },
    ]),
  );
}

function judge(defects, baseline, results) {
  const byNet = summary(results);
  const nets_ = Object.entries(byNet).filter(
    ([name, { alone }]) => !name.startsWith('unit') && alone.length > 0,
  );
  return [
    claim(
      'every net is green without a defect',
      Object.values(baseline).every(({ green }) => green),
      Object.entries(baseline)
        .filter(([, { green }]) => !green)
        .map(([name]) => name),
      [],
    ),
    claim('defects planted', defects.length >= leastDefects, defects.length, leastDefects),
    ...results.map((result) =>
      claim(
        `${result.name} is caught by ${result.nets.join(' and ')}`,
        result.applies && result.builds && result.nets.every((name) => isCaught(result, name)),
        Object.keys(result.caught ?? {}).filter((name) => isCaught(result, name)),
        result.nets,
      ),
    ),
    claim(
      'nets that catch something no unit test does',
      nets_.length >= leastNets,
      nets_.map(([name]) => name),
      leastNets,
    ),
  ];
}

/**
 * @param only names of defects; all when left out
 * @param saved keeps what is done, so that a run that was stopped goes on
 */
export async function planted({ directory, only, deadline = Infinity, saved, log = () => {} }) {
  const defects = readDefects().filter(({ name }) => only?.includes(name) ?? true);
  const scratch = new Scratch(join(directory, 'tree'), log);
  scratch.fill();
  const broken = defects.filter(({ path }) => !applies(path, log));
  if (broken.length > 0) {
    throw new Error(`these patches no longer apply: ${broken.map(({ name }) => name).join(', ')}`);
  }
  const state = saved?.read() ?? { baseline: {}, results: [] };
  const needed = [...new Set(['unit', ...defects.flatMap((defect) => defect.nets)])];
  for (const name of needed) {
    if (state.baseline[name] !== undefined) continue;
    if (!(await scratch.build([nets[name]]))) throw new Error('the tree does not build');
    state.baseline[name] = await scratch.cast(nets[name]);
    log(`without a defect: ${name} ${state.baseline[name].green ? 'green' : 'RED'}`);
    saved?.write(state);
  }
  for (const defect of defects) {
    if (state.results.some(({ name }) => name === defect.name)) continue;
    if (Date.now() > deadline) return { unfinished: true };
    state.results.push(await plant(scratch, defect, log));
    saved?.write(state);
  }
  const { baseline, results } = state;
  return {
    figures: { baseline, byNet: summary(results), results },
    claims: judge(defects, baseline, results),
  };
}

/** Markdown lines for the page of the campaign. */
export function plantedTable({ byNet, results }) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const said = (result, red) =>
    Object.entries(result.caught ?? {})
      .filter(([, { green }]) => green !== red)
      .map(([name]) => name)
      .join(', ');
  return [
    row(['defect', 'the promise it breaks', 'caught by', 'let through by']),
    row(['---', '---', '---', '---']),
    ...results.map((result) =>
      row([`\`${result.name}\``, result.promise, said(result, true), said(result, false)]),
    ),
    '',
    row(['net', 'what it is', 'caught', 'of them no unit test']),
    row(['---', '---', '---:', '---:']),
    ...Object.entries(byNet)
      .filter(([, { caught }]) => caught.length > 0)
      .map(([name, { about, caught, alone }]) => row([name, about, caught.length, alone.length])),
  ];
}
