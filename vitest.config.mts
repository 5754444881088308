// Tests see the package as a user does: `tidemark` is dist/, loaded by Node itself and not
// transformed, so that tests and worker threads share the addon's one state per process.
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
const dist = join(root, 'dist');

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
