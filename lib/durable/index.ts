// tidemark/durable: the small tools under the journal, for files of one's own.

export { crc32c } from './crc32c';
export { DirectoryLock, type DirectoryLockOptions } from './directory-lock';
export { syncDirectory } from './sync-directory';
export { type WriteFileAtomicOptions, writeFileAtomic } from './write-file-atomic';
