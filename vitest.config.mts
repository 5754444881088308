// Tests see the package as a user does: `tidemark` is dist/, loaded by Node itself and not
// transformed, so that tests and worker threads share the addon's one state per process.
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = import.meta.dirname;
const dist = join(root, 'dist');

/** The files that take longest begin first, so that none of them runs alone in the end. */
const longest = ['campaign/measurements', 'campaign/kill-storm', 'cli/inspect', 'cli/append'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^tidemark$/, replacement: join(dist, 'index.mjs') },
      { find: /^tidemark\/([a-z]+)$/, replacement: `${dist}/$1/index.mjs` },
      { find: /^#lib\/(.+?)(\.js)?$/, replacement: `${dist}/$1.js` },
    ],
  },
  test: {
    pool: 'forks',
    retry: 0,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    passWithNoTests: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/dist\//] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'main',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/package/**',
            'test/docs/**',
            'test/fault/kernel/**',
            'test/power/**',
            'test/threads/**',
          ],
        },
      },
      {
        extends: true,
        test: { name: 'kernel', include: ['test/fault/kernel/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        extends: true,
        test: { name: 'power', include: ['test/power/**/*.test.ts'], testTimeout: 300_000 },
      },
      {
        extends: true,
        test: {
          name: 'threads',
          include: ['test/threads/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: { name: 'package', include: ['test/package/**/*.test.ts'], testTimeout: 300_000 },
      },
      {
        extends: true,
        test: { name: 'docs', include: ['test/docs/**/*.test.ts'], testTimeout: 120_000 },
      },
    ],
  },
});
