// Visits of a second process while a writer is in trouble: what each was shown goes to what was told, so
// that the judge holds every later open to it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const script = join(import.meta.dirname, 'children', 'visitor.mjs');

export class Visits {
  problems = [];
  /** Codes of visits that were refused. */
  refused = [];
  shown = 0;
  #directory;
  #say;

  /** `say` takes the lines that told.mjs puts together. */
  constructor(directory, say) {
    this.#directory = directory;
    this.#say = say;
  }

  /** `known`: the seqs up to this one were shown or are durable, and no truncation is under way. */
  visit(known = 0) {
    const args = [script, JSON.stringify({ directory: this.#directory })];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the visitor ended with ${status}: ${stderr}`);
    const { problems, ...seen } = JSON.parse(stdout);
    if (seen.code !== undefined) {
      this.refused.push(seen);
      return seen;
    }
    this.shown += seen.records.length;
    this.problems.push(...problems);
    if (seen.lastSeq < known) {
      this.problems.push(`a visitor is shown seqs up to ${seen.lastSeq}, ${known} is durable`);
    }
    this.#say({ say: 'open', ...seen });
    return seen;
  }
}
