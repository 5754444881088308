// Resident memory of a writer while 10 million records pass through it, and of those who read them.
import { count, fixed, mebibytes, rate, table } from '../markdown.mjs';
import { runProcess } from '../processes.mjs';

const forms = ['readBatches', 'read'];

export const memory = {
  name: 'memory',
  title: 'Memory',
  async run({ corpus }) {
    const { directory, records, steps, rssAtBegin, maxRssBytes } = await corpus.objects();
    const readers = {};
    for (const form of forms) {
      readers[form] = await runProcess('read', { directory, form, to: records, warm: false });
    }
    return { records, writer: { steps, rssAtBegin, maxRssBytes }, readers };
  },
  section({ records, writer, readers }) {
    return [
      `A writer with 1,024 callers appends ${count(records)} objects; then one process reads them all.`,
      '',
      ...table(
        ['records appended', 'resident', 'µs a record since the line above'],
        [
          ['0 (warm)', mebibytes(writer.rssAtBegin), ''],
          ...writer.steps.map(({ done, rssBytes, microsPerRecord }) => [
            count(done),
            mebibytes(rssBytes),
            fixed(2)(microsPerRecord),
          ]),
        ],
      ),
      '',
      ...table(
        ['process', 'at the beginning', 'at most', 'records/s'],
        [
          ['writer', mebibytes(writer.rssAtBegin), mebibytes(writer.maxRssBytes), ''],
          ...forms.map((form) => [
            `\`${form}\``,
            mebibytes(readers[form].rssAtBegin),
            mebibytes(readers[form].maxRssBytes),
            rate(readers[form].perSecond),
          ]),
        ],
      ),
    ];
  },
  targets: () => [],
};
