// The tables of the page: speed and costs of a case, counted syncs, what tidemark did, the targets.
import { cases, systems } from './cases.mjs';
import { figure, figuresOf, ratio } from './figures.mjs';
import { head, median, medianAndRange, number, range, rate, row } from './format.mjs';
import { spread } from './statistics.mjs';
import { judge, targets } from './targets.mjs';

const digits = (count) => (value) => value.toFixed(count);
const MIB = 2 ** 20;
const nameOf = (system) => (system === 'tidemark' ? '**tidemark**' : system);
const takingPart = (run, caseName) =>
  run.systems.filter((system) => figuresOf(run, caseName, system).length > 0);
const isRaw = (system) => system.startsWith('raw-');

export function speedTable(run, caseName) {
  const columns = ['system', '>records/s', '>middle half', '>p50 ms', '>p99 ms', '>p99.9 ms'];
  const lines = head([...columns, '>tidemark is', 'an acknowledgement means']);
  for (const system of takingPart(run, caseName)) {
    const of = (name) => figure(run, caseName, system, name);
    const way = figuresOf(run, caseName, system).at(-1).mode;
    lines.push(
      row([
        way ? `${system} (${way})` : nameOf(system),
        median(of('perSecond'), rate),
        range(of('perSecond'), rate),
        ...['p50', 'p99', 'p999'].map((name) => median(of(name), digits(3))),
        system === 'tidemark'
          ? ''
          : medianAndRange(ratio(run, caseName, system, 'perSecond'), digits(2), '×'),
        systems[system].promise,
      ]),
    );
  }
  return lines;
}

export function costTable(run, caseName) {
  const lines = head([
    'system',
    '>CPU µs a record',
    '>of it main thread',
    '>loop delay p99 ms',
    '>memory MiB',
    '>stored bytes a record',
    '>written bytes a record',
    '>records counted',
  ]);
  for (const system of takingPart(run, caseName).filter(
    (name) => !isRaw(name) || name === 'raw-loop',
  )) {
    const of = (name) => figure(run, caseName, system, name);
    const limited = figuresOf(run, caseName, system).some((figures) => figures.limited);
    lines.push(
      row([
        nameOf(system),
        median(of('cpuMicros'), digits(2)),
        median(of('threadCpuMicros'), digits(2)),
        median(of('loopDelayP99'), digits(2)),
        median(of('maxRssBytes'), (bytes) => number(bytes / MIB)),
        median(of('storedBytes'), number),
        median(of('writtenBytes'), number),
        `${median(of('records'), number)}${limited ? ' (time limit)' : ''}`,
      ]),
    );
  }
  return lines;
}

export function syncTable({ syncs }) {
  const kinds = ['fsync', 'fdatasync', 'sync_file_range', 'msync', 'durableWrites'];
  const lines = head([
    'case',
    'system',
    '>records acknowledged',
    '>fsync',
    '>fdatasync',
    '>sync_file_range',
    '>msync',
    '>O_DSYNC writes',
    '>records a sync',
  ]);
  for (const counted of syncs.counted) {
    const all = kinds.reduce((sum, kind) => sum + counted[kind], 0);
    // Writing out a range waits for no device cache.
    const syncing = all - counted.sync_file_range;
    lines.push(
      row([
        cases[counted.case].about,
        nameOf(counted.system),
        number(counted.acknowledged),
        ...kinds.map((kind) => number(counted[kind])),
        syncing > 0 ? (counted.acknowledged / syncing).toFixed(1) : 'no sync',
      ]),
    );
  }
  return lines;
}

/** Of systems that count their commits themselves, in the measured run. */
export function commitTable(run) {
  const lines = head([
    'case',
    'system',
    '>records a commit',
    '>syncs a commit',
    '>syncs a record',
    '>bytes written a record',
  ]);
  for (const caseName of run.cases) {
    for (const system of takingPart(run, caseName)) {
      const all = figuresOf(run, caseName, system).flatMap(({ stats }) => stats ?? []);
      if (all.length === 0) continue;
      const of = (value) => spread(all.map(value)).median;
      lines.push(
        row([
          cases[caseName].about,
          nameOf(system),
          number(of((stats) => stats.records / stats.commits)),
          of((stats) => stats.syncs / stats.commits).toFixed(3),
          of((stats) => stats.syncs / stats.records).toFixed(4),
          of((stats) => stats.bytesWritten / stats.records).toFixed(1),
        ]),
      );
    }
  }
  return lines;
}

function wanted({ atLeast, atMost, below, stretch, isDifference }) {
  const unit = isDifference ? ' µs' : '×';
  const own =
    (atLeast !== undefined && `≥ ${atLeast}${unit}`) ||
    (atMost !== undefined && `≤ ${atMost}${unit}`) ||
    `< ${below}${unit}`;
  return stretch === undefined ? own : `${own} (${stretch}${unit})`;
}

export function targetTable(run) {
  const lines = head(['case', 'compared', 'with', '>target (stretch)', '>measured', 'verdict']);
  for (const target of targets) {
    const { measured, verdict } = judge(run, target);
    lines.push(
      row([
        cases[target.case].about,
        target.isDifference ? `${target.of}, less that of` : target.of,
        target.against,
        wanted(target),
        target.isDifference
          ? medianAndRange(measured, digits(3), ' µs')
          : medianAndRange(measured, digits(2), '×'),
        verdict,
      ]),
    );
  }
  return lines;
}
