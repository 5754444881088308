// A state for the tests: a list of the seqs and texts that were applied, so that an event that was lost,
// doubled or applied out of order shows.
import { DurableState, type DurableStateOptions } from 'tidemark';
import { onTestFinished } from 'vitest';

export interface Entry {
  seq: number;
  text: string;
}
export type List = Entry[];
export type ListOptions = Partial<DurableStateOptions<List, string>>;

export const listOptions: DurableStateOptions<List, string> = {
  initial: () => [],
  apply: (list, text, seq) => {
    list.push({ seq, text });
  },
  checkpoint: {},
};

/** Opens it; closed when the test ends, if the test did not. */
export async function openList(
  directory: string,
  options: ListOptions = {},
): Promise<DurableState<List, string>> {
  const state = await DurableState.open<List, string>(directory, { ...listOptions, ...options });
  onTestFinished(() => state.close().catch(() => {}));
  return state;
}

export function textsTo(last: number, from = 1): List {
  return Array.from({ length: last - from + 1 }, (_, index) => ({
    seq: from + index,
    text: `event ${from + index}`,
  }));
}

/** Commits 'event <seq>' for each seq up to `last`. */
export async function commitTo(state: DurableState<List, string>, last: number): Promise<void> {
  for (let seq = state.seq + 1; seq <= last; seq++) await state.commit(`event ${seq}`);
}
