import type { DiskCallKind } from 'tidemark/testing';

/** Every kind of call that the simulated disk can let fail. */
export const diskCallKinds: readonly DiskCallKind[] = [
  'open',
  'read',
  'write',
  'sync',
  'truncate',
  'mkdir',
  'readdir',
  'stat',
  'rename',
  'unlink',
  'syncDirectory',
  'lock',
];
