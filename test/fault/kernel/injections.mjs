// What is done to the calls of a writer, and what each must lead to. `once` hits the n-th call of
// every thread, `ever` the n-th and all behind it.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from './judge.mjs';
import { judgeAfterLie } from './lies.mjs';
import { whyNoBegunWrites, whyNoFaults, whyNoTracing } from './needs.mjs';
import { judgeOrder } from './order.mjs';
import { tracedSession } from './strace.mjs';

const fails = (call, error, forms = ['once', 'ever']) =>
  forms.map((form) => ({ call, what: `error=${error}`, form, error }));

/** What is injected where each commit is durable by its own write. */
const directFaults = [
  ...['EIO', 'ENOSPC', 'EROFS'].flatMap((error) => fails('pwritev', error)),
  ...fails('pwritev', 'EINTR', ['once', 'second']),
  { call: 'pwritev', what: 'retval=0', form: 'once', error: 'EIO' },
  ...fails('openat', 'EMFILE'),
  ...fails('fdatasync', 'EIO', ['once']),
  ...fails('pread64', 'EIO', ['once']),
  { call: 'pwritev', what: 'signal=SIGKILL', form: 'once', error: undefined },
].map((fault) => ({ ...fault, mode: 'direct' }));

const harmless = (call, error, forms) =>
  fails(call, error, forms).map((fault) => ({ ...fault, harmless: true }));

/** What is injected where lone commits are begun. What cannot be begun, the writer's thread writes. */
const begunFaults = [
  ...['ENOSYS', 'EPERM', 'EAGAIN'].flatMap((error) => harmless('io_setup', error)),
  ...['EAGAIN', 'ENOSYS', 'EIO'].flatMap((error) => harmless('io_submit', error)),
  ...harmless('io_submit', 'EINTR', ['once', 'second']),
  { call: 'io_submit', what: 'retval=0', form: 'once', error: 'none', harmless: true },
  ...harmless('io_getevents', 'EINTR', ['once', 'second']),
  // What became of the write cannot be known: as if the disk had failed.
  { call: 'io_getevents', what: 'error=EINVAL', form: 'once', error: 'EIO' },
  ...['io_submit', 'io_getevents'].map((call) => ({
    call,
    what: 'signal=SIGKILL',
    form: 'once',
    error: undefined,
  })),
  ...['EIO', 'ENOSPC'].flatMap((error) => fails('pwritev', error)),
  ...fails('fdatasync', 'EIO', ['once']),
].map((fault) => ({ ...fault, mode: 'begun' }));

/** Why sessions of a mode cannot run here, by mode; undefined where they can. */
export function whyNot() {
  const buffered = whyNoTracing();
  const direct = buffered ?? whyNoFaults();
  return { buffered, direct, begun: direct ?? whyNoBegunWrites() };
}

/** Everything that is injected: { call, what, form, error, harmless, mode }. */
export const faults = [
  ...['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'ENOMEM'].flatMap((error) => fails('pwritev', error)),
  // Interrupted for ever would be a hang in any program: every second call is.
  ...fails('pwritev', 'EINTR', ['once', 'second']),
  { call: 'pwritev', what: 'retval=0', form: 'once', error: 'EIO' },
  { call: 'pwritev', what: 'retval=0', form: 'ever', error: 'EIO' },
  ...['EIO', 'ENOSPC', 'EDQUOT', 'EINTR'].flatMap((error) => fails('fdatasync', error)),
  ...['EIO', 'ENOSPC'].flatMap((error) => fails('fsync', error)),
  ...['EIO', 'ENOSPC', 'EROFS'].flatMap((error) => fails('rename', error)),
  ...['EMFILE', 'EIO', 'ENOSPC', 'EROFS', 'EINTR'].flatMap((error) =>
    fails('openat', error, error === 'EINTR' ? ['once', 'second'] : ['once', 'ever']),
  ),
  ...['EIO', 'ENOSPC', 'EINTR'].flatMap((error) =>
    fails('ftruncate', error, error === 'EINTR' ? ['once', 'second'] : ['once', 'ever']),
  ),
  ...['EIO', 'EROFS'].flatMap((error) => fails('unlink', error)),
  ...['ENOSPC', 'EROFS'].flatMap((error) => fails('mkdir', error, ['ever'])),
  ...fails('pread64', 'EIO'),
  ...['pwritev', 'fdatasync', 'fsync', 'rename', 'openat', 'ftruncate', 'unlink'].map((call) => ({
    call,
    what: 'signal=SIGKILL',
    form: 'once',
    error: undefined,
  })),
  ...directFaults,
  ...begunFaults,
].map((fault) => ({ mode: 'buffered', harmless: false, ...fault }));

/** So many calls of the kind every session has at least, in the thread that has most of them. */
const reach = {
  pwritev: 16,
  fdatasync: 15,
  fsync: 5,
  rename: 2,
  openat: 15,
  ftruncate: 1,
  unlink: 2,
  mkdir: 1,
  pread64: 4,
};
/** Of a session whose writes are durable themselves, where it has fewer. */
const directReach = { ...reach, fdatasync: 5 };
/** How many are begun depends on what the event loop has to do: a part of them. */
const begunReach = { io_setup: 1, io_submit: 6, io_getevents: 3, pwritev: 6, fdatasync: 5 };
const reaches = { buffered: reach, direct: directReach, begun: begunReach };
/** Has no factor in common with any of them. */
const STRIDE = 7;
const SIGKILL = 9;

const whens = { once: (n) => `${n}`, ever: (n) => `${n}+`, second: (n) => `${n}+2` };
export const nameOf = ({ call, what, form, mode }) =>
  `${call}:${what} ${form}${mode === 'buffered' ? '' : ` ${mode}`}`;

/** Where a session begins: nothing there, or a journal whose last writer was killed. */
const starts = ['fresh', 'killed'];
/** A directory is made once, and a journal that is created reads nothing. */
const onlyStart = { mkdir: ['fresh'], pread64: ['killed'] };
export const startsOf = ({ call }) => onlyStart[call] ?? starts;

/** Makes what `killed` starts from, in `directory`, once for all runs. */
export async function makeKilled(directory) {
  const session = await tracedSession(directory, { session: 1, ending: 'kill' });
  return { ...session, problems: judgeOrder(session.calls) };
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT']);
const POISONED = 'ERR_TIDEMARK_POISONED';

/** Errors are of the code that docs/errors.md gives for their cause, and the cause is what was injected. */
function judgeErrors(told, fault) {
  const problems = [];
  for (const { what, code, cause, say } of told.errors) {
    const about = `${what ?? say}: ${code}, cause ${cause}`;
    if (fault.harmless) problems.push(`${about}, for what nobody has to know of`);
    if (cause !== undefined && cause !== fault.error) problems.push(`${about}, not ${fault.error}`);
    const fitting = NO_SPACE.has(fault.error) ? 'ERR_TIDEMARK_NO_SPACE' : 'ERR_TIDEMARK_IO';
    if (code !== fitting && code !== POISONED) problems.push(`${about} for ${fault.error}`);
  }
  return problems;
}

/** A failed sync of a segment poisons, and is told; what does not poison is over when it is over. */
function judgeEnd(told, fault, calls) {
  const problems = [];
  const session = told.sessions.findLast(({ session: id }) => id !== 0);
  const opened = session.opened !== undefined;
  const poisoned = told.errors.some(({ code }) => code === POISONED);
  const syncFailed = calls.some(
    ({ name, path, injected, result, through, error }) =>
      (name === 'fdatasync' || (through === true && error === 'EIO')) &&
      path.endsWith('.tide') &&
      injected &&
      result < 0,
  );
  if (opened && syncFailed && !poisoned) problems.push('a failed sync was not told');
  if (opened && fault.form !== 'ever' && !poisoned && !session.goesOn) {
    problems.push('the journal does not go on after the fault has passed');
  }
  if (!session.ended) problems.push('the writer did not come to its end');
  return problems;
}

/** One session with `injection`, in a place of its own that stays when something was wrong. */
async function injected(injection, start, { directory, killed, faults }, judged, mode) {
  mkdirSync(directory, { recursive: true });
  const place = mkdtempSync(join(directory, 'run-'));
  if (start === 'killed') cpSync(killed, place, { recursive: true });
  const ran = await tracedSession(place, { session: 2, injection, mode, faults });
  const result = await judged(ran, join(place, 'journal'));
  if (ran.late) result.problems.push('the writer hangs');
  if (result.problems.length === 0) rmSync(place, { recursive: true });
  const problems = result.problems.map((one) => `${injection}, ${start}, in ${place}: ${one}`);
  return { ...result, problems };
}

const injectionsIn = (calls) => calls.filter((call) => call.injected).length;

/**
 * One session with the fault at its n-th call, from `start`, judged.
 * @returns hits (0 when there is no n-th call), the codes of the errors that were told, problems
 */
export function injectAt({ fault, n, start }, places) {
  const injection = `${fault.call}:${fault.what}:when=${whens[fault.form](n)}`;
  return injected(
    injection,
    start,
    places,
    async ({ lines, calls, code, signal, complaint }, at) => {
      const kills = fault.error === undefined;
      const killed = signal !== null || code === 128 + SIGKILL;
      const problems = judgeOrder(calls);
      const judged = await judge(at, lines);
      problems.push(...judged.problems);
      if (!kills) {
        if (code !== 0) problems.push(`the writer ended with ${code ?? signal}: ${complaint}`);
        problems.push(...judgeErrors(judged.told, fault), ...judgeEnd(judged.told, fault, calls));
      }
      const codes = [...new Set(judged.told.errors.map((error) => error.code))];
      return { hits: kills ? Number(killed) : injectionsIn(calls), codes, problems };
    },
    fault.mode,
  );
}

/** One session whose n-th write of every thread says that it wrote, and leaves out its first bytes. */
export function lieAt({ bytes, n }, places) {
  const injection = `pwritev:retval=${bytes}:when=${n}`;
  return injected(injection, 'fresh', places, async ({ lines, calls }, at) => {
    const { problems, named } = await judgeAfterLie(at, lines);
    return { hits: injectionsIn(calls), named, problems };
  });
}

/** One session of a mode to which nothing is done, with what is wrong with the order of its calls. */
export async function unharmed(mode, { directory, faults }) {
  const session = await tracedSession(join(directory, `unharmed-${mode}`), {
    session: 1,
    mode,
    faults,
  });
  return { ...session, problems: judgeOrder(session.calls) };
}

/** Every fault once, from both starts in turn, each at another of its calls. */
export function sample() {
  return faults.map((fault, index) => {
    const some = startsOf(fault);
    const n = 1 + ((index * STRIDE) % reaches[fault.mode][fault.call]);
    return { fault, start: some[index % some.length], n };
  });
}

/**
 * Runs jobs, so many at a time; the results are in the order of the jobs.
 *
 * @template Job, Result
 * @param {number} many
 * @param {readonly Job[]} jobs
 * @param {(job: Job) => Promise<Result>} run
 * @returns {Promise<Result[]>}
 */
export async function atATime(many, jobs, run) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < jobs.length) {
      const mine = next;
      next += 1;
      results[mine] = await run(jobs[mine]);
    }
  };
  await Promise.all(Array.from({ length: many }, worker));
  return results;
}
