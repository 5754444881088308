// Plants each defect of this directory in a scratch copy and looks which nets catch it. A patch says
// in front of its first hunk which promise it breaks and which nets must catch it:
//   Promise: what is broken
//   Nets: crash fault
// Every defect must be caught by each net that it names. The unit tests are cast as well, so that it
// shows what only a net catches: those of native/ always, those of lib/ where these saw nothing.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/tools.mjs';
import { nets } from './nets.mjs';
import { applies, Scratch, trackedFiles } from './scratch.mjs';

export const usualDirectory = join(root, 'build', 'planted');

/** So many defects there must be, and so many nets that catch something no unit test does. */
const leastDefects = 25;
const leastNets = 3;

const unitNets = ['unit', 'unit-js'];
/** The order of `nets`: the cheapest first. */
const inOrder = (names) => Object.keys(nets).filter((name) => names.includes(name));

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
      const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
      return { name: name.slice(0, -'.patch'.length), path, digest, promise, nets: named };
    });
}

const claim = (text, holds, measured, bound) => ({ claim: text, holds, measured, bound });
const isCaught = ({ caught }, name) => caught[name]?.green === false && !caught[name].late;
/** Only of these it is known that no unit test catches them. */
const isPastUnits = (result) => unitNets.every((name) => result.caught[name]?.green === true);

/** What is still to be cast on a defect: the first of these. */
function nextNet({ nets: named, caught }) {
  const left = inOrder(['unit', ...named]).filter((name) => caught[name] === undefined);
  if (left.length > 0) return left[0];
  return named.some((name) => isCaught({ caught }, name)) &&
    caught.unit.green &&
    caught['unit-js'] === undefined
    ? 'unit-js'
    : undefined;
}

/** Of each net: what it caught, and what no unit test did. */
export function summary(results) {
  const namesOf = (name, wanted) =>
    results.filter((one) => isCaught(one, name) && wanted(one)).map((one) => one.name);
  return Object.fromEntries(
    Object.keys(nets).map((name) => [
      name,
      {
        about: nets[name].about,
        caught: namesOf(name, () => true),
        alone: namesOf(name, isPastUnits),
      },
    ]),
  );
}

function judge(defects, baseline, results) {
  const alone = Object.entries(summary(results)).filter((entry) => entry[1].alone.length > 0);
  const red = Object.keys(baseline).filter((name) => !baseline[name].green);
  return [
    claim('every net is green without a defect', red.length === 0, red, []),
    claim('defects planted', defects.length >= leastDefects, defects.length, leastDefects),
    ...results.map((result) =>
      claim(
        `${result.name} is caught by ${result.nets.join(' and ')}`,
        result.builds && result.nets.every((name) => isCaught(result, name)),
        Object.keys(result.caught).filter((name) => isCaught(result, name)),
        result.nets,
      ),
    ),
    claim(
      'nets that catch something no unit test does',
      alone.length >= leastNets,
      alone.map(([name]) => name),
      leastNets,
    ),
  ];
}

/** Casts a net on the tree as it is, in front of its first use. */
async function castWithout(scratch, name, { baseline, save, log }) {
  scratch.fill();
  if (!(await scratch.build(nets[name]))) throw new Error('the tree does not build');
  baseline[name] = await scratch.cast(nets[name]);
  save();
  const { green, seconds, what = '' } = baseline[name];
  log(`without a defect: ${name} ${green ? 'green' : 'RED'} ${seconds} s ${what}`);
}

/** Casts what is left to cast on one defect; false when the time is over. */
async function plant(scratch, defect, result, context) {
  const { baseline, deadline, save, log } = context;
  for (let name = nextNet(result); name && result.builds; name = nextNet(result)) {
    if (Date.now() > deadline) return false;
    if (baseline[name] === undefined) {
      await castWithout(scratch, name, context);
      continue;
    }
    scratch.fill();
    if (!scratch.apply(defect.path)) throw new Error(`${defect.name} no longer applies`);
    result.builds = await scratch.build(nets[name]);
    if (result.builds) result.caught[name] = await scratch.cast(nets[name]);
    scratch.fill();
    save();
    const { green, seconds, what, late } = result.caught[name] ?? {};
    const color = green ? 'green' : late ? 'LATE' : 'RED';
    const said = green === undefined ? 'DOES NOT BUILD' : `${color} ${seconds} s`;
    log(`${defect.name}: ${name} ${said}${what ? `, ${what}` : ''}`);
  }
  return true;
}

/** Of everything but papers and the patches, each of which has a digest of its own. */
function treeDigest() {
  const hash = createHash('sha256');
  const files = trackedFiles().filter((path) => !/^docs\/|\.(md|patch)$/.test(path));
  for (const path of files.sort()) hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

/** What was cast on the very same tree, kept after each net, so that a run that was stopped goes on. */
class Progress {
  constructor(directory, again) {
    this.path = join(directory, 'state.json');
    this.tree = treeDigest();
    this.baseline = {};
    this.results = {};
    if (again || !existsSync(this.path)) return;
    const before = JSON.parse(readFileSync(this.path, 'utf8'));
    if (before.tree !== this.tree) return;
    Object.assign(this, before);
    // What ran out of time is cast once more.
    for (const casts of [this.baseline, ...Object.values(this.results).map((one) => one.caught)]) {
      for (const name of Object.keys(casts)) if (casts[name].late) delete casts[name];
    }
  }

  save() {
    const { path, ...state } = this;
    writeFileSync(`${path}.new`, JSON.stringify(state));
    renameSync(`${path}.new`, path);
  }
}

/**
 * @param directory where the scratch is, and what was cast so far
 * @param only names of defects; all when left out
 * @param again forgets what was cast
 * @returns { figures, claims }, or { unfinished: true } when the time was up
 */
export async function planted({
  directory = usualDirectory,
  only,
  deadline = Infinity,
  again = false,
  log = () => {},
}) {
  const defects = readDefects().filter(({ name }) => only?.includes(name) ?? true);
  const broken = defects.filter(({ path }) => !applies(path, log));
  if (broken.length > 0) {
    throw new Error(`these patches no longer apply: ${broken.map(({ name }) => name).join(', ')}`);
  }
  mkdirSync(directory, { recursive: true });
  const scratch = new Scratch(join(directory, 'tree'), log);
  const progress = new Progress(directory, again);
  const { baseline, results: known } = progress;
  const save = () => progress.save();
  const results = [];
  for (const defect of defects) {
    const { name, path: _, ...about } = defect;
    if (known[name]?.digest !== defect.digest) {
      known[name] = { name, ...about, builds: true, caught: {} };
    }
    results.push(known[name]);
    const context = { baseline, deadline, save, log };
    const ended = await plant(scratch, defect, known[name], context);
    if (!ended) return { unfinished: true };
  }
  return {
    figures: { baseline, byNet: summary(results), results },
    claims: judge(defects, baseline, results),
  };
}

/** Markdown lines for the page of the campaign. */
export function plantedTable({ byNet, results }) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const said = (result, red) =>
    Object.keys(result.caught)
      .filter((name) => isCaught(result, name) === red)
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
