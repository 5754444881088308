// The direction of imports in lib/, as docs/architecture.md draws it:
//   cli -> events, audit, handoff, scan -> state -> journal, checkpoint, recovery
//       -> durable, codec -> native.ts, errors.ts
// A room may import any room below it. `testing` stands beside native.ts. lib/index.ts is the root
// entry: it may import every room but testing, and no room imports it.
'use strict';

/** From the top down; rooms of one layer do not import each other unless `within` says so. */
const layers = [
  { rooms: ['cli'] },
  { rooms: ['events', 'audit', 'handoff', 'scan'] },
  { rooms: ['state'] },
  { rooms: ['journal', 'checkpoint', 'recovery'], within: true },
  { rooms: ['durable', 'codec'], within: true },
];

const folder = (rooms) => `^lib/(${rooms.join('|')})/`;
const upward = layers.flatMap(({ rooms, within }, index) => {
  const above = layers.slice(0, index).flatMap((layer) => layer.rooms);
  return rooms.map((room) => {
    const siblings = within ? [] : rooms.filter((other) => other !== room);
    const forbidden = [...above, ...siblings];
    return {
      name: `${room}-imports-downwards-only`,
      severity: 'error',
      from: { path: folder([room]) },
      to: { path: forbidden.length > 0 ? folder(forbidden) : '^lib/index\\.ts$' },
    };
  });
});

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...upward,
    {
      name: 'the-bottom-imports-no-room',
      comment: 'native.ts, errors.ts and other files of lib/ itself stand below all rooms',
      severity: 'error',
      from: { path: '^lib/(?!index\\.ts$)[^/]+\\.ts$' },
      to: { path: '^lib/[^/]+/' },
    },
    {
      name: 'testing-stands-beside-native',
      severity: 'error',
      from: { path: '^lib/testing/' },
      to: { path: '^lib/[^/]+/', pathNot: '^lib/testing/' },
    },
    {
      name: 'no-room-imports-testing',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/testing/' },
      to: { path: '^lib/testing/' },
    },
    {
      name: 'no-room-imports-the-root',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^lib/index\\.ts$' },
    },
    {
      name: 'files-of-the-disk-go-through-native',
      comment:
        'every byte that must survive goes through native/io: node:fs only where native.ts looks ' +
        'for the binary and in the command line',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(native\\.ts$|cli/)' },
      to: { path: '^(node:)?fs(/promises)?$' },
    },
    {
      name: 'only-runtime-dependencies',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
