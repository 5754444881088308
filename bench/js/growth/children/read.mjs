// Reads a journal up to `to` through one form of reading, after a lap to warm up where `warm` asks for
// it: files come from the page cache then. Records per second, and the memory of the process.
import { Journal } from '../../../../dist/index.mjs';
import { answer, childInput } from '../../../../test/campaign/support.mjs';

const { directory, form, to, warm = true } = childInput();
const journal = await Journal.open(directory, { readOnly: true });
const forms = {
  async read() {
    let count = 0;
    for await (const { seq } of journal.read({ to })) if (seq === count + 1) count += 1;
    return count;
  },
  async readBatches() {
    let count = 0;
    for await (const { firstSeq, values } of journal.readBatches({ to })) {
      if (firstSeq === count + 1) count += values.length;
    }
    return count;
  },
};
if (warm) await forms[form]();
const rssAtBegin = process.memoryUsage.rss();
const processor = process.cpuUsage();
const begin = performance.now();
const count = await forms[form]();
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(processor);
if (count !== to) throw new Error(`read ${count} records of ${to}`);
await journal.close();
answer({
  perSecond: count / seconds,
  seconds,
  cpuMicros: (user + system) / count,
  rssAtBegin,
  maxRssBytes: process.resourceUsage().maxRSS * 1024,
});
