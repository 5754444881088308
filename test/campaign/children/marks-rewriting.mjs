// The same in scanstate's way: a set in memory, and its checkpoint written anew for each mark.
import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { answer, childInput } from '../support.mjs';
import { bytesIn, measureMarks, targetOf } from './marks.mjs';

/** A save takes seconds where there are many. */
const MOST_MARKS = 5;

const { directory, targets, marks } = childInput();
mkdirSync(directory, { recursive: true });
const path = join(directory, 'checkpoint.json');
const completed = new Set();

async function save() {
  const text = JSON.stringify(
    { scan_id: 'marks', completed_targets: [...completed].sort() },
    null,
    2,
  );
  const file = await open(`${path}.tmp`, 'w');
  await file.writeFile(text);
  await file.sync();
  await file.close();
  await rename(`${path}.tmp`, path);
}

const begun = performance.now();
for (let n = 0; n < targets; n += 1) completed.add(targetOf(n));
await save();
const fillSeconds = Math.round(performance.now() - begun) / 1000;
const measured = await measureMarks(targets, Math.min(marks, MOST_MARKS), async (target) => {
  completed.add(target);
  await save();
});
const residentBytes = process.memoryUsage.rss();
const opening = performance.now();
const complete = new Set(JSON.parse(readFileSync(path, 'utf8')).completed_targets).size;
const openMs = performance.now() - opening;
answer({
  ...measured,
  ...{ fillSeconds, residentBytes, diskBytes: bytesIn(directory), openMs, complete },
});
