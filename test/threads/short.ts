// The short form of the storms: each once, on one runtime with one form of the addon.
import { beforeAll, describe, expect, it } from 'vitest';
import { because } from '../fault/kernel/needs.mjs';
import { runStorm } from './run.mjs';
import { whyNot } from './runtimes.mjs';
import { storms } from './storms/list.mjs';

interface Runtime {
  name: string;
  command: string[];
}
interface Form {
  name: string;
  prepare(): Promise<void>;
  whyNot(runtime: Runtime): string | undefined;
  whyNotStorm(runtime: Runtime, storm: string): string | undefined;
}

const seed = 20260103;

export function describeStorms(
  title: string,
  form: Form,
  runtime: Runtime,
  scale: number,
  names: readonly string[] = Object.keys(storms),
): void {
  const why = whyNot(runtime) ?? form.whyNot(runtime);
  describe.skipIf(why !== undefined)(because(`${title}, on ${runtime.name}`, why), () => {
    // Minutes, where nothing of it was compiled before.
    beforeAll(() => form.prepare(), 1_200_000);

    for (const name of names) {
      const whyNotThis = form.whyNotStorm(runtime, name);
      it.skipIf(whyNotThis !== undefined)(because(name, whyNotThis), async () => {
        const { problems } = await runStorm({ name, runtime, form, seed, scale });
        expect(problems).toEqual([]);
      });
    }
  });
}
