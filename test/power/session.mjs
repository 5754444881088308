// One run of the rig, in namespaces of its own (see rig.mjs): a disk of power_disk, a file system on
// it, a load that writes there and is told nothing, cuts under it; then everything is torn down and each
// image is mounted afresh and judged. Mounts, loop devices and processes end with this process, however
// it ends: its mount and process namespaces go, and the loop devices clear themselves.
//
// Argument, as JSON: `program` (power_disk), `directory` (empty), `image` (the disk's first contents),
// `type` and `options` (of the file system), `atomic` (ranges), `cuts` (see disk/serve.hpp),
// `cutsAtStart` (of them, ordered before the load starts), `lies` (the disk does), `load` and `judge`
// (script, input), `failed` (a directory for the images of cuts that are found wanting, with what the
// judge was told).
// Answers with a verdict for each cut.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { answer, childInput } from '../campaign/support.mjs';
import { LineChild, runScript, within } from './processes.mjs';

const spec = childInput();
const place = (name) => join(spec.directory, name);
const storeIn = (mount) => join(mount, 'store');

// Whoever started us is gone: so are we, and all that is ours.
process.stdin.on('end', () => process.exit(1)).resume();

/** A file system over a loop device over `file`; undefined and the reason when the kernel refuses. */
async function mount(file, directory, ...how) {
  const holder = new LineChild('power_disk hold', spec.program, [
    ...['hold', file, directory, spec.type, spec.options],
    ...how,
  ]);
  const { refused } = JSON.parse(await holder.next('mounting'));
  const unmount = async () => {
    holder.endInput();
    const { code } = await within('unmounting', holder.ended);
    if (code !== 0) throw holder.failure();
  };
  return refused === undefined ? { unmount } : { refused };
}

/** What the load says, with the moment at which each piece had been read. */
class Lines {
  #pieces = [];
  #onText;

  take(text) {
    this.#pieces.push({ text, at: process.hrtime.bigint() });
    this.#onText?.();
  }

  #whole(pieces) {
    const text = pieces.map((piece) => piece.text).join('');
    return text.slice(0, text.lastIndexOf('\n') + 1); // half a line was not said
  }

  get all() {
    return this.#whole(this.#pieces);
  }
  before(moment) {
    return this.#whole(this.#pieces.filter(({ at }) => at < moment));
  }

  /** Resolves when a line begins with `start`. */
  async until(start) {
    const isThere = () => `\n${this.all}`.includes(`\n${start}`);
    while (!isThere()) {
      await new Promise((resolve) => {
        this.#onText = resolve;
      });
    }
    this.#onText = undefined;
  }
}

/** Runs the load on the disk and cuts the power under it; the lines and where the images are. */
async function loadAndCut() {
  mkdirSync(place('fuse'));
  mkdirSync(place('mount'));
  const disk = new LineChild('power_disk serve', spec.program, [
    ...['serve', spec.image, place('fuse')],
    ...spec.atomic,
  ]);
  await disk.next('starting');
  const stack = await mount(join(place('fuse'), 'disk'), place('mount'), 'direct');
  if (stack.refused) throw new Error(`the running disk cannot be mounted: ${stack.refused}`);
  if (spec.lies) disk.say('lie');

  const lines = new Lines();
  const cuts = [];
  let load;
  const start = () => {
    const input = { ...spec.load.input, directory: storeIn(place('mount')) };
    load = new LineChild('the load', process.execPath, [spec.load.script, JSON.stringify(input)], {
      onText: (text) => lines.take(text),
    });
  };
  const failure = () => load.ended.then(() => Promise.reject(load.failure()));
  const cut = async ({ mode, seed, after, least, milliseconds }, meanwhile = () => {}) => {
    const image = place(`cut-${cuts.length}`);
    disk.say(['cut', image, mode, seed, after, least, milliseconds].join(' '));
    meanwhile();
    const { at, ...facts } = JSON.parse(await disk.next('cutting'));
    cuts.push({ image, mode, at: BigInt(at), facts });
  };

  const [atStart, later] = [
    spec.cuts.slice(0, spec.cutsAtStart),
    spec.cuts.slice(spec.cutsAtStart),
  ];
  for (const order of atStart) await cut(order, load ? undefined : start);
  if (!load) start();
  await Promise.race([within('the first acknowledgement', lines.until('a ')), failure()]);
  for (const order of later) await cut(order);
  if (load.hasEnded) throw load.failure();

  await load.kill();
  disk.endInput();
  await within('ending the disk', disk.ended);
  await stack.unmount();
  return { cuts, lines };
}

/** Mounts a copy of the image over a plain loop device and judges what is found there. */
async function judge({ image, mode, at, facts }, lines, said) {
  const before = `${image}.before`;
  writeFileSync(before, lines.before(at));
  const copy = `${image}.judged`;
  execFileSync('cp', ['--sparse=always', image, copy]);
  const result = { mode, ...facts };
  const input = { ...spec.judge.input, directory: storeIn(place('mount')), before, said };
  const mounted = await mount(copy, place('mount'));
  if (mounted.refused) {
    result.refused = mounted.refused;
  } else {
    Object.assign(result, await runScript('the judge', spec.judge.script, input));
    await mounted.unmount();
  }
  rmSync(copy);
  const isWanting = result.refused !== undefined || result.problems.length > 0;
  if (isWanting && spec.failed) {
    mkdirSync(spec.failed, { recursive: true });
    execFileSync('cp', ['--sparse=always', image, before, said, spec.failed]);
    writeFileSync(join(spec.failed, `${basename(image)}.judge.json`), JSON.stringify(input));
    result.kept = spec.failed;
  }
  return { ...result, image };
}

const { cuts, lines } = await loadAndCut();
const said = place('said');
writeFileSync(said, lines.all);
const verdicts = [];
for (const cut of cuts) verdicts.push(await judge(cut, lines, said));
answer(verdicts);
process.stdin.destroy(); // it alone would keep us
