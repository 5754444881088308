// A run of the benchmark with numbers of our own.

export interface Figures {
  perSecond: number;
  threadCpuMicros?: number;
}

/** `rounds`: of each round, the figures of each system on each case. */
export function syntheticRun(rounds: Record<string, Record<string, Figures>>[]) {
  const cases = [...new Set(rounds.flatMap((round) => Object.keys(round)))];
  const systems = [
    ...new Set(rounds.flatMap((round) => Object.values(round).flatMap((own) => Object.keys(own)))),
  ];
  const complete = (figures: Figures) => ({
    records: 1000,
    appended: 1250,
    limited: false,
    p50: 1 / figures.perSecond,
    p99: 2 / figures.perSecond,
    p999: 3 / figures.perSecond,
    cpuMicros: 1,
    loopDelayP99: 1,
    maxRssBytes: 2 ** 26,
    storedBytes: 112,
    writtenBytes: 116,
    ...figures,
  });
  return {
    command: 'npm run bench',
    date: '2026-01-01T00:00:00.000Z',
    seconds: 1,
    machine: {
      processor: 'a processor',
      cores: 2,
      memoryGiB: 4,
      system: 'Linux',
      fileSystem: 'ext4',
      scheduling: '',
    },
    versions: { tidemark: '0.0.0' },
    settings: { rounds: rounds.length, scale: 1, limitSeconds: 8, slowSeconds: 2 },
    loadAtEnd: 0,
    repeated: 0,
    systems,
    cases,
    syncs: { missing: 'nothing ran', counted: [] },
    rounds: rounds.map((round, index) => ({
      round: index,
      load: 0,
      taken: Object.entries(round).map(([name, own]) => ({
        case: name,
        others: 0,
        figures: Object.entries(own).map(([system, figures]) => ({
          system,
          ...complete(figures),
        })),
      })),
    })),
  };
}
