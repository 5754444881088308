// The tail of a journal that another process writes: takes no lock, changes nothing, and shows only
// records that are durable.
//
//   tidemark append JOURNAL                  in one terminal, and type JSON
//   node live-tail.mjs JOURNAL [seq]         in another: from that seq, or only what is new
import { Journal } from 'tidemark';

const [directory, from] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: node live-tail.mjs JOURNAL [seq]');
  process.exit(64);
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

const journal = await Journal.open(directory, { readOnly: true });
console.error(`following ${directory} from seq ${from ?? journal.lastSeq + 1}`);
try {
  const options = { from: from === undefined ? 'end' : Number(from), signal: stop.signal };
  for await (const { seq, value } of journal.follow(options)) {
    console.log(`${seq}\t${JSON.stringify(value)}`);
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
await journal.close();
