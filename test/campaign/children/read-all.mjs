// Reads everything that fill.mjs wrote, through one form of reading; the most memory it ever had.
import { Journal } from '../../../dist/index.mjs';
import { answer, childInput, memoryField } from '../support.mjs';

const { directory, form } = childInput();
const journal = await Journal.open(directory, { readOnly: true });
const before = memoryField('VmRSS');
const begin = performance.now();
let right = 0;
let wrong = 0;
const judge = (seq, bytes) => {
  if (seq === right + wrong + 1 && bytes.readUInt32LE(0) === seq) right += 1;
  else wrong += 1;
};
if (form === 'read') {
  for await (const { seq, value } of journal.read()) judge(seq, value);
} else {
  for await (const { firstSeq, values } of journal.readBatches()) {
    for (const [index, value] of values.entries()) judge(firstSeq + index, value);
  }
}
const seconds = Math.round(performance.now() - begin) / 1000;
await journal.close();
answer({ right, wrong, seconds, startBytes: before, peakBytes: memoryField('VmHWM') });
