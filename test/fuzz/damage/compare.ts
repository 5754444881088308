// Where the package and the independent reader do not say the same.
import { isEqual } from '../reader/bytes.ts';
import type { Problem, Reading } from '../reader/report.ts';
import type { NativeAnswer } from './native.ts';

const text = (problems: { what: string; segment: number; offset: number }[]) =>
  problems.map(({ what, segment, offset }) => `${what} ${segment}@${offset}`).sort();

const textOfReader = (problems: readonly Problem[]) =>
  text(problems.map(({ what, segment, offset }) => ({ what, segment: Number(segment), offset })));

/** The outcomes that end everything: nothing more is compared. */
function refusalOf({ outcome }: Reading): string | undefined {
  if (outcome === 'newer') return 'ERR_TIDEMARK_VERSION';
  return outcome === 'none' ? 'ERR_TIDEMARK_IO' : undefined;
}

export function disagreements(reading: Reading, native: NativeAnswer): string[] {
  const found: string[] = [];
  const same = (what: string, reader: unknown, answer: unknown) => {
    const [one, other] = [JSON.stringify(reader), JSON.stringify(answer)];
    if (one !== other) found.push(`${what}: the reader says ${one}, the package ${other}`);
  };
  same('refusal', refusalOf(reading), native.refusal);
  const { report } = native;
  if (report === undefined || found.length > 0) return found;
  const isSound = reading.outcome === 'sound';
  same('ok', isSound, report.ok);
  same(
    'problems',
    textOfReader(reading.problems),
    text(report.problems.map(({ kind, segment, offset }) => ({ what: kind, segment, offset }))),
  );
  same('row', reading.row, report.row);
  const { cut } = reading;
  same(
    'cut',
    cut && [Number(cut.segment), cut.offset],
    report.torn && [report.torn.segment, report.torn.offset],
  );
  if (reading.row !== undefined && 'JKLMNO'.includes(reading.row))
    same('tail', reading.tail, report.tail);
  const records = new Map(reading.records.map(({ seq, bytes }) => [Number(seq), bytes]));
  same('seqs', [...records.keys()], [...native.records.keys()]);
  for (const [seq, bytes] of native.records) {
    const known = records.get(seq);
    if (known && !isEqual(known, bytes)) found.push(`record ${seq} has other bytes`);
  }
  return found;
}
