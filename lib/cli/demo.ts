// tidemark demo: a real job that is killed again and again, and loses nothing.
// The parent draws the kills, runs the writer (demo/writer.ts) until its work is done, and proves
// the outcome from the scan's journal (demo/proof.ts).

import { existsSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { native } from '../native';
import type { RecoveryReport } from '../recovery/index';
import { journalPathOf } from '../state/reading';
import { parseCount, type Register } from './command';
import { killPoints, killsFor, Random, smallTree } from './demo/plan';
import { type Check, prove } from './demo/proof';
import type { Message, Times, WriterTask } from './demo/protocol';
import { type Bounds, canonical, survey, type Walk } from './demo/tree';
import { runWriter } from './demo/writer-process';
import { CliError, Exit } from './exit';
import * as format from './format';
import { Interrupt } from './interrupt';
import { type Io, note } from './output';
import { bar, Progress } from './progress';
import { describeTail } from './reading';
import { facts, table } from './table';

interface DemoOptions {
  json?: true;
  seed?: string;
  kills?: number;
}

/** An installed node_modules may hold anything: so much of it takes well under a minute. */
const boundsOfDefaultTree: Bounds = { files: 50_000, bytes: 2 ** 30 };
const noBounds: Bounds = { files: Number.MAX_SAFE_INTEGER, bytes: Number.POSITIVE_INFINITY };

export const registerDemo: Register = (program, run) => {
  program
    .command('demo')
    .description('Records the hash of every file of a tree while its process is killed repeatedly.')
    .argument('[tree]', 'a directory (default: the installed node_modules)')
    .option('--json', 'print the outcome as JSON')
    .option('--seed <text>', 'draw the same kills again')
    .option('--kills <n>', 'how often to kill (default: 7, a small tree less)', parseCount)
    .addHelpText(
      'after',
      `
Walks the tree, hashes every file in worker threads and marks it, with its hash, in a scan in a new
temporary directory. A parent process ends the writer with SIGKILL at record counts drawn beforehand,
starts it again, and at last proves from the scan's journal that every file is recorded, none twice,
and nothing acknowledged is missing. Exit code 0 only when the proof holds.`,
    )
    .action((tree: string | undefined, options: DemoOptions) =>
      run((io) => demo(io, tree, options)),
    );
};

/** One life of the writer. */
interface Life {
  readonly recovery: RecoveryReport;
  readonly openMs: number;
  /** Files that it found marked, and those that were marked when it was last heard of. */
  readonly found: number;
  readonly heard: number;
  readonly killed: boolean;
  readonly times: Times;
}

interface Outcome {
  readonly tree: string;
  readonly scan: string;
  readonly journal: string;
  readonly seed: string;
  readonly files: number;
  readonly bytes: number;
  readonly killPoints: readonly number[];
  readonly kills: number;
  readonly seconds: number;
  readonly lives: readonly Life[];
  readonly checks: readonly Check[];
  readonly holds: boolean;
}

async function demo(io: Io, named: string | undefined, options: DemoOptions): Promise<number> {
  native(); // before anything is made or promised
  using interrupt = new Interrupt();
  const tree = treeOf(named);
  const directory = canonical(await mkdtemp(join(tmpdir(), 'tidemark-demo-')));
  const scan = join(directory, 'scan');
  const journal = journalPathOf(scan);
  note(io, `tree     ${tree}`);
  note(io, `scan     ${scan}`);
  note(io, `journal  ${journal}`);
  const walk = survey(tree, directory, named === undefined ? boundsOfDefaultTree : noBounds);
  const seed = options.seed ?? String(Math.floor(Math.random() * 2 ** 32));
  const random = new Random(seed);
  const points = killPoints(
    walk.files.length,
    options.kills ?? killsFor(walk.files.length),
    random,
  );
  notePlan(io, walk, seed, points);

  const run = new Run(io, { scan, tree, files: walk.files.length }, points, interrupt.signal);
  const started = performance.now();
  await run.untilDone();
  const seconds = (performance.now() - started) / 1000;
  if (interrupt.exitCode !== undefined) return interrupt.exitCode;

  const { acknowledged, lives } = run;
  const checks = await prove({ scan, tree, files: walk.files, acknowledged }, random);
  const kills = lives.filter((life) => life.killed).length;
  checks.push({
    name: 'every kill drawn was made',
    holds: kills === points.length || walk.files.length < smallTree,
    detail: `${kills} of ${points.length}`,
  });
  const holds = checks.every((check) => check.holds);
  const outcome: Outcome = {
    tree,
    scan,
    journal,
    seed,
    files: walk.files.length,
    bytes: walk.bytes,
    killPoints: points,
    kills,
    seconds,
    lives,
    checks,
    holds,
  };
  if (options.json) await io.out.json(outcome);
  else await io.out.write(outcomeText(outcome));
  note(
    io,
    holds
      ? `The proof holds. Look at the scan: tidemark scan status ${scan}, tidemark inspect ${journal}`
      : `The proof does not hold; the scan is kept in ${scan}. Seed ${seed} draws the same kills.`,
  );
  return holds ? Exit.ok : Exit.corrupt;
}

function treeOf(named: string | undefined): string {
  if (named !== undefined) {
    const status = statSync(named, { throwIfNoEntry: false });
    if (status?.isDirectory()) return canonical(named);
    throw new CliError(`${named} is not a directory; name the tree to hash.`, Exit.unreadable);
  }
  const packageRoot = resolve(__dirname, '..', '..');
  const candidates = [join(packageRoot, 'node_modules')];
  for (let at = packageRoot; dirname(at) !== at; at = dirname(at)) {
    if (basename(at) === 'node_modules') candidates.push(at);
  }
  candidates.push(resolve('node_modules'), process.cwd());
  return canonical(candidates.find((path) => existsSync(path)) ?? process.cwd());
}

function notePlan(io: Io, walk: Walk, seed: string, points: readonly number[]): void {
  const found = `${format.count(walk.files.length)}, ${format.bytes(walk.bytes)}`;
  note(
    io,
    `files    ${found}${walk.bounded ? ' (the tree holds more: the demonstration is bounded)' : ''}`,
  );
  if (walk.leftOut > 0)
    note(
      io,
      `left out ${format.plural(walk.leftOut, 'entry', 'entries')} that cannot be listed or named`,
    );
  if (walk.files.length < smallTree) {
    note(io, `small    the tree is small: its writer is killed ${times(points.length)}`);
  }
  note(io, `seed     ${seed}`);
  note(
    io,
    `kills    ${points.length === 0 ? 'none' : `at ${points.map(format.count).join('; ')} records`}`,
  );
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** Lives of the writer, one after the other, until one comes to its end. */
class Run {
  readonly acknowledged = new Set<string>();
  readonly lives: Life[] = [];
  readonly #io: Io;
  readonly #task: WriterTask;
  readonly #points: number[];
  readonly #planned: number;
  readonly #signal: AbortSignal;
  readonly #progress: Progress;

  constructor(io: Io, task: WriterTask, points: readonly number[], signal: AbortSignal) {
    this.#io = io;
    this.#task = task;
    this.#points = [...points];
    this.#planned = points.length;
    this.#signal = signal;
    this.#progress = new Progress(io);
  }

  async untilDone(): Promise<void> {
    while (!this.#signal.aborted && !(await this.#live())) {
      // Killed: begin again from what the scan has marked.
    }
    this.#progress.clear();
  }

  /** True when the writer came to its end. */
  async #live(): Promise<boolean> {
    let opened: Extract<Message, { kind: 'opened' }> | undefined;
    let spent: Times = { hashing: 0, encoding: 0, disk: 0 };
    let heard = 0;
    let killed = false;
    const end = await runWriter(
      this.#task,
      (message, kill) => {
        if (message.kind === 'opened') {
          opened = message;
          heard = message.found;
          return;
        }
        spent = message.times;
        if (message.kind === 'done') return;
        for (const path of message.paths) this.acknowledged.add(path);
        heard += message.paths.length;
        const point = this.#points[0];
        if (point !== undefined && heard >= point) {
          this.#points.shift();
          killed = true;
          kill();
        }
        this.#draw(heard);
      },
      this.#signal,
    );
    if (this.#signal.aborted) return false;
    if (opened === undefined || (!killed && end.code !== 0)) {
      throw new CliError(
        `The writer process ended by itself (${end.signal ?? `exit code ${end.code}`}): ` +
          `${end.stderr.trim() || 'it said nothing'}`,
        Exit.software,
      );
    }
    const life: Life = {
      recovery: opened.recovery,
      openMs: opened.openMs,
      found: opened.found,
      heard,
      killed,
      times: spent,
    };
    this.lives.push(life);
    this.#tell(life);
    return !killed;
  }

  #draw(heard: number): void {
    const { files } = this.#task;
    const kills = this.#planned - this.#points.length;
    this.#progress.update(
      () =>
        `${bar(heard, files)}  ${format.count(heard)} of ${format.plural(files, 'file')}, ` +
        `${kills} of ${format.plural(this.#planned, 'kill')}`,
    );
  }

  #tell(life: Life): void {
    this.#progress.clear();
    const number = this.lives.length;
    const began = number === 1 ? 'began' : `found ${format.count(life.found)}, ${cutText(life)}`;
    const ended = life.killed ? 'killed' : 'came to its end';
    note(this.#io, `writer ${number}: ${began}; ${ended} at ${format.count(life.heard)}`);
  }
}

function cutText({ recovery }: Life): string {
  if (recovery.cut === undefined || recovery.cut.bytes === 0) return 'nothing to cut';
  return `${format.plural(recovery.cut.bytes, 'byte')} cut`;
}

function outcomeText(outcome: Outcome): string {
  const { lives, seconds } = outcome;
  const sum = (of: (life: Life) => number): number =>
    lives.reduce((total, life) => total + of(life), 0);
  const files = lives[lives.length - 1]?.heard ?? 0;
  const right = 'right' as const;
  return `${facts([
    ['tree', outcome.tree],
    ['files', `${format.count(outcome.files)}, ${format.bytes(outcome.bytes)}`],
    ['scan', outcome.scan],
    ['journal', outcome.journal],
    ['seed', outcome.seed],
    ['kills', `${outcome.kills} of ${outcome.killPoints.length}, by SIGKILL`],
    [
      'throughput',
      `${format.count(files / seconds)} files a second, ${format.bytes(outcome.bytes / seconds)} a second, ` +
        'with every restart',
    ],
  ])}
${table(
  [
    { title: 'writer', align: right },
    { title: 'found', align: right },
    { title: 'ended at', align: right },
    { title: 'end' },
    { title: 'open', align: right },
    { title: 'recovery' },
  ],
  lives.map((life, index) => [
    String(index + 1),
    format.count(life.found),
    format.count(life.heard),
    life.killed ? 'killed' : 'done',
    format.milliseconds(life.openMs),
    index === 0
      ? 'created'
      : (describeTail(life.recovery.tail, life.recovery.cut) ??
        `${life.recovery.path}: nothing to cut`),
  ]),
)}
${table(
  [{ title: 'milliseconds in' }, { title: '', align: right }, { title: '' }],
  [
    ['hashing', format.count(sum((life) => life.times.hashing)), 'in two worker threads, together'],
    ['encoding', format.count(sum((life) => life.times.encoding)), 'and handing over'],
    ['waiting for the disk', format.count(sum((life) => life.times.disk)), 'beside the hashing'],
    [
      'recovery',
      format.count(sum((life) => life.openMs)),
      'opening, which reads back what is done',
    ],
    ['all', format.count(seconds * 1000), 'by the clock'],
  ],
)}
${table(
  [{ title: 'proof' }, { title: '' }, { title: '' }],
  outcome.checks.map(({ name, holds, detail }) => [holds ? 'holds' : 'FAILS', name, detail]),
)}`;
}
