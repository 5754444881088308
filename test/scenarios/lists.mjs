// The scenarios that a durable log is judged by, as data: what each says, what tidemark decides, and
// the tests that prove it, each named by its file and its exact title; or why it does not apply.
//   WL  write-ahead logs     B  event stores, what broke in them     A  counterexamples to designs
//   G   requirements         W  what the best logs handle
//   S   scans and checkpoints, what broke in them      C  checkpoint and journal together
const format = 'test/native/format';
const journal = 'test/native/journal';
const io = 'test/native/io';
const t = (file, ...titles) => titles.map((title) => ({ file, title }));

const walk = (...titles) => t(`${format}/walk.test.cpp`, ...titles);
const evidence = (...titles) => t(`${format}/evidence.test.cpp`, ...titles);
const frame = (...titles) => t(`${format}/frame.test.cpp`, ...titles);
const index = (...titles) => t(`${format}/index.test.cpp`, ...titles);
const counter = (...titles) => t(`${journal}/counterexamples.test.cpp`, ...titles);
const opens = (...titles) => t(`${journal}/write_open.test.cpp`, ...titles);
const commits = (...titles) => t(`${journal}/write_commit.test.cpp`, ...titles);
const observer = (...titles) => t(`${journal}/read_observer.test.cpp`, ...titles);
const reader = (...titles) => t(`${journal}/read_reader.test.cpp`, ...titles);
const damage = (...titles) => t(`${journal}/read_damage.test.cpp`, ...titles);
const tools = (...titles) => t(`${journal}/read_tools.test.cpp`, ...titles);
const rotation = (...titles) => t(`${journal}/review_rotation.test.cpp`, ...titles);
const unreadable = (...titles) => t(`${journal}/read_unreadable.test.cpp`, ...titles);
const simulated = (...titles) => t(`${journal}/simulated.test.cpp`, ...titles);
const posix = (...titles) => t(`${io}/posix.test.cpp`, ...titles);
const bytes = (file, ...titles) => t(`test/bytes/${file}.test.cpp`, ...titles);
const ts = (file, ...titles) => t(`test/${file}.test.ts`, ...titles);

const flips = bytes(
  'flips',
  'flipped bits of a closed journal that holds everything are named, nothing is shorter',
);
const cuts = bytes(
  'truncations',
  'every file of a killed journal that holds everything, cut, is refused or reported',
);
const missing = bytes(
  'files',
  'whatever files are missing, what is left is refused or read, and never wrong',
);
const foreign = bytes('files', 'files of another journal never give a value');
const saved = (file, ...titles) => ts(`checkpoint/${file}`, ...titles);
const together = (...titles) => ts('state/coordination', ...titles);
/** On the simulated disk and on the real one. */
const onBoth = (...titles) => ts('state/scenarios', ...titles);
const scans = (...titles) => ts('scan/scan', ...titles);
const progress = (...titles) => ts('scan/progress', ...titles);
const cutAnywhere = 'what was acknowledged is in the value, and the value is that of a prefix';
const later = (room) => ({ notApplicable: `belongs to a later room: ${room}` });
const none = (reason) => ({ notApplicable: reason });
const tailTruncation = none('there is no truncation of the tail');
const recycling = none('files are deleted, never recycled');

/** [id, what it says, what tidemark decides, tests or { notApplicable }] */
const rows = [
  [
    'WL1',
    'records of no bytes up to the largest come back; a larger one is refused',
    'TOO_LARGE, nothing written, no seq used',
    [
      ...reader('records of no bytes, and one larger than any window, are read whole'),
      ...commits('limits: too large, busy and conflict use no seq and write nothing'),
    ],
  ],
  [
    'WL2',
    'reopened again and again, appended each time',
    'every record is there, seqs are contiguous',
    opens(
      'a clean close is reopened clean, in the same segment and epoch',
      'after a kill everything durable is there, in a new segment with a new epoch',
    ),
  ],
  [
    'WL3',
    'the file is cut at every byte of the last record',
    'cut and reported; what is in front stays',
    [...opens('a torn tail is cut and reported at every byte of the last commit'), ...cuts],
  ],
  [
    'WL4',
    'every bit of the last record flipped, its length made huge or small',
    'refused, or cut and reported; nothing is allocated by it',
    [...flips, ...walk('nothing is allocated or read for a length that no checksum vouches for')],
  ],
  [
    'WL5',
    'zeros behind the last record',
    'never a record: the end of the log',
    walk(
      'records of many sizes come back, and frames end exactly where the file does',
      'after a clean close every flipped bit of a frame is corruption',
    ),
  ],
  [
    'WL6',
    'corruption in the middle',
    'never cut: refused, or CORRUPT by the read that needs it; salvage keeps the bytes aside',
    [
      ...opens('damage in front of the watermark is refused and nothing is modified'),
      ...tools('salvage keeps the good records of a damaged frame and quarantines the bad one'),
    ],
  ],
  [
    'WL7',
    'rotation at the last byte, empty and half-made last segments',
    'continued, used again or removed',
    [
      ...commits(
        'rotation keeps every record, and the spare of a closed journal is gone',
        'a batch is one commit, whatever is left of the segment',
      ),
      ...rotation('half a header that comes back beside the successor that replaced it is debris'),
    ],
  ],
  [
    'WL8',
    'a missing segment, overlapping ones, foreign names',
    'CORRUPT with the segment; foreign files are left alone',
    [
      ...missing,
      ...opens(
        'a missing last, middle or first segment is corruption',
        'files whose names are not ours are left alone and listed',
      ),
    ],
  ],
  [
    'WL9',
    'a reader in another process beside a writer that rotates',
    'every record once, in order, none above the watermark',
    [
      ...ts(
        'campaign/measurements',
        'in another process and in another worker see every record once, in order',
      ),
      ...t(
        `${journal}/read_live.test.cpp`,
        'readers follow the real writer through rotations and truncations',
      ),
    ],
  ],
  [
    'WL10',
    'cursors hold records back; removals fail half-way',
    'only segments wholly released go; what is left of them is debris',
    commits(
      'truncation is logical, exact and durable, and is held back by cursors',
      'removals that fail or come back after a truncation are debris, not damage',
    ),
  ],
  [
    'WL11',
    'many appends at once, killed at random',
    'one sync covers many; what resolved is there',
    [
      ...ts(
        'campaign/kill-storm',
        'loses nothing acknowledged or shown, keeps everything in order and genuine',
      ),
      ...commits('the order of calls is the order of seqs, across many threads without a gap'),
    ],
  ],
  [
    'WL12',
    'a sync fails once',
    'POISONED for good, nothing is tried again',
    commits(
      'a failed sync ends the writer: everything later is poisoned and nothing is tried again',
    ),
  ],
  [
    'WL13',
    'the disk is full in the middle of a batch',
    'rejected with outcome, and the journal goes on in a new segment',
    commits(
      'a full disk rejects the commit and all behind it, and the journal goes on when space returns',
    ),
  ],
  [
    'WL14',
    'a second writing process',
    'LOCKED, with the holder',
    opens("a second writer on another host of the same disk is locked out with the holder's name"),
  ],
  [
    'WL15',
    'an unknown version',
    'VERSION, the file untouched',
    t(
      `${journal}/newer.test.cpp`,
      'a segment of a newer version is refused by open, verify and salvage',
    ),
  ],
  [
    'WL16',
    'directories are synced after creation, removal and their own creation',
    'so that a power cut at any call loses nothing',
    simulated('what was acknowledged is there after the power was cut at any call'),
  ],
  [
    'WL17',
    'the clock goes back',
    'order never depends on it',
    commits('retention releases whole segments at rotation and never the newest'),
  ],

  [
    'A1',
    'frames without records fall through a watermark that counts seqs',
    'the watermark is a position',
    [
      ...counter(
        'A1: a damaged idle mark is corruption when a later frame proves that its place was durable',
      ),
      ...evidence('a frame without records is proved and protected like any other'),
    ],
  ],
  [
    'A2',
    'an acknowledgement does not cover what was written before it without a sync',
    'durable means the whole prefix',
    counter('A2: an acknowledged commit makes the os records in front of it durable too'),
  ],
  [
    'A3',
    'nothing durable says which segments exist',
    'headers, seals and the head name each other',
    [
      ...counter(
        'A3b: a lost last segment is corruption, and its seqs are not handed out again',
        'A3c: lost first segments are told from truncated ones by the head mark',
        'A3e: a truncation that resolved stays, although the removals were lost',
      ),
      ...opens(
        'a rotted first segment header is corruption, never an empty journal',
        'a first segment that is cut off inside its header is corruption, not a torn creation',
      ),
      ...commits('removals that fail or come back after a truncation are debris, not damage'),
    ],
  ],
  [
    'A4',
    'a place is written twice',
    'no place is: a new segment after every undone commit and unclean open',
    counter('A4: a rejected record never comes back behind its replacement'),
  ],
  [
    'A5',
    'acknowledged and other bytes share a block',
    'powersafe overwrite is named; padding drops it',
    counter(
      "A5: with padding 'block' no acknowledged byte is ever in a block that is written again",
    ),
  ],
  [
    'A6',
    'a commit is rejected and later ones succeed',
    'everything behind it is rejected too',
    counter('A6: when a commit is rejected, everything accepted after it is rejected with it'),
  ],
  [
    'A7',
    'options decide what is readable',
    'the limits of the segment header do',
    [
      ...counter('A7: limits of the options do not decide what is readable'),
      ...frame('the limits of the segment header bound what is read, not those of the reader'),
    ],
  ],
  [
    'A8',
    'checkpoint and journal contradict each other',
    'a state publishes a checkpoint behind its records, releases up to the oldest, and refuses what does not fit',
    [
      ...opens('a log that ends below expectSeq is corrupt, not cut'),
      ...counter('A8: a log that ends below a named cursor is corrupt, not cut'),
      ...together(
        'with records that are not yet on the disk when the checkpoint is saved',
        'the older one and a longer replay give the same value, whatever bit is flipped',
        'a journal that is gone',
        'another history of the same journal, of the same length',
      ),
    ],
  ],
  [
    'A9',
    'shared structures are lost with a rejected commit or a bad block',
    'each record names its dictionary, each segment brings it twice',
    t(
      `${journal}/write_dictionary.test.cpp`,
      'a rejected commit does not count as having brought the dictionary',
      'each segment brings the dictionary with its first use, and once more with the next',
    ),
  ],
  [
    'A10',
    'who hands out seqs when workers share a journal',
    'the one writer, with the bytes',
    [
      ...ts(
        'journal/workers',
        'terminated with commits in flight lose nothing acknowledged and leave no gap',
      ),
      ...ts('journal/append', 'of two batches with the same ifLastSeq one wins'),
    ],
  ],
  [
    'A11',
    'readers in other processes see what is taken back, or call it damage',
    'up to the watermark; what is behind is not interpreted',
    [
      ...observer(
        'beside a writer only what a header proves durable is shown',
        'bytes behind the watermark are never called damage while a writer lives',
        'records that were shown and are gone are CORRUPT, not a shorter journal',
      ),
      ...damage(
        'a segment that was truncated while it is read is TRUNCATED, one that vanished is CORRUPT',
      ),
    ],
  ],
  [
    'A12',
    'the order of recovery',
    'sync, device, every byte, witness, then the first result',
    [
      ...counter(
        'A12c: what one open showed, the next one shows: the witness is durable before it is shown',
        'a second crash during recovery, anywhere, changes nothing about the result',
      ),
      ...evidence(
        'a byte behind the damage that cannot be read refuses, it is not absence of proof',
      ),
      ...bytes(
        'rows',
        'every row of the recovery table decides a damaged journal, and says its letter',
      ),
    ],
  ],
  [
    'A13',
    'a seq is used again after it was taken back',
    '(id, epoch, seq) names one record',
    counter(
      'A13: epochs differ after every unclean open, so (id, epoch, seq) names one record for ever',
    ),
  ],
  [
    'A14',
    'the last commits cannot be told from a tear',
    'one commit; cut and reported; a header one bit away is rot',
    counter(
      'A14: the commit acknowledged last, whole and wrong, is cut and reported as undecidable',
      'A14: a header there that one flipped bit makes valid is rot and refused',
    ),
  ],
  [
    'A15',
    'memory of a dying worker is written',
    'the hand-over copies',
    [
      ...ts(
        'journal/workers',
        'terminated with commits in flight lose nothing acknowledged and leave no gap',
      ),
      ...ts('journal/append', 'copies the bytes before it returns'),
    ],
  ],

  [
    'B1',
    'bits of a sealed index flipped',
    'rebuilt from the frames, all records there',
    [
      ...index('every flipped bit of an index is detected'),
      ...damage('a damaged index is rebuilt and nobody notices'),
    ],
  ],
  [
    'B2',
    'the end of the index forged',
    'the seal is authenticated first; never an empty journal',
    bytes('fields', 'no field is trusted beyond its bounds, also under checksums that fit'),
  ],
  [
    'B3',
    'the same while copying',
    'a snapshot is exact or fails',
    tools('a snapshot of a damaged journal fails and leaves no journal behind'),
  ],
  [
    'B4',
    'offset and length overflow',
    'bounded, refused',
    bytes('fields', 'no field is trusted beyond its bounds, also under checksums that fit'),
  ],
  [
    'B5',
    'footers of an old format',
    'there is one format; what is newer is refused by type',
    t(
      `${journal}/newer.test.cpp`,
      'a segment of a newer version is refused by open, verify and salvage',
    ),
  ],
  [
    'B6',
    'a trailer that spans gigabytes',
    'reading is in bounded windows',
    walk('nothing is allocated or read for a length that no checksum vouches for'),
  ],
  [
    'B7',
    'absurd counts, tiny and empty files',
    'refused or removed, nothing allocated',
    [...cuts, ...bytes('files', 'files that are exchanged or emptied are refused or reported')],
  ],
  [
    'B7b',
    'every bit of every trailer field flipped',
    'named; the result is that of a full scan',
    [
      ...flips,
      ...t(
        `${journal}/verify_flips.test.cpp`,
        'verify names the byte of every flipped bit in frames, records, seal and index',
      ),
    ],
  ],
  [
    'B8',
    'index offsets too high, inside a frame, past the end',
    'authenticated first, validated after',
    [
      ...index(
        'an index comes back, and only under its own seed, seal and bounds',
        'an index out of order is refused even under a right checksum',
      ),
    ],
  ],
  [
    'B9',
    'a bad frame in the middle, a bad index behind',
    'CORRUPT for its records, the rest is read',
    [
      ...damage(
        'a damaged frame header loses the records of that frame only',
        'a damaged index is rebuilt and nobody notices',
      ),
    ],
  ],
  [
    'B10',
    'an index that lists more than the frames',
    'the index proves nothing; the seal does',
    walk('a seal that counted other frames does not continue the stream'),
  ],
  [
    'B11',
    'corroboration by unauthenticated rows',
    'there is none',
    index('an index comes back, and only under its own seed, seal and bounds'),
  ],
  [
    'B12',
    'a length in the newest segment made huge',
    'the header has its own checksum: CORRUPT with proof',
    frame('lengths are checked before they are believed, also under a right checksum'),
  ],
  [
    'B13',
    'sound bytes that cannot be decoded, newer frames',
    'ENCODE with the seq; VERSION by type',
    [
      ...ts(
        'codec/codecs',
        'that cannot decode is ENCODE with the seq, and the record is not called damaged',
      ),
      ...walk(
        'an unknown frame that may be skipped is stepped over and counted, others are refused',
      ),
    ],
  ],
  [
    'B14',
    'compaction makes survivors unreadable',
    'the journal is never rewritten; a snapshot keeps bytes and seqs',
    tools('a snapshot holds the records, the cursors and the head of its view'),
  ],
  [
    'B15',
    'an event dropped in the middle of a chain',
    'every seq is in a record or a gap',
    walk('a valid frame with another seq is damage'),
  ],
  [
    'B16',
    'a user writes a reserved kind',
    'refused on every way in',
    t(`${journal}/review_handles.test.cpp`, "a hand-over holds records of the user's kind only"),
  ],
  [
    'B17',
    'rotation fails at each step',
    'the old segment stands, a half-made one is debris',
    rotation(
      'a header that was written in part or wholly, with an error, is no second successor',
      'half a header that comes back beside the successor that replaced it is debris',
    ),
  ],
  [
    'B18',
    'a sync fails once and would succeed later',
    'POISONED, never retried',
    commits(
      'a failed sync ends the writer: everything later is poisoned and nothing is tried again',
    ),
  ],
  [
    'B19',
    'short writes and errors in the middle of a frame',
    'rejected; a new segment; the next open is exact',
    commits(
      'a single failed write is followed by a new segment, and its record provably is not there',
    ),
  ],
  [
    'B20',
    'a second crash behind a torn tail',
    'the tail was sealed by the first open',
    [
      ...opens('a crash loop without records does not fill the directory'),
      ...counter('a second crash during recovery, anywhere, changes nothing about the result'),
    ],
  ],
  [
    'B21',
    'a hole that was never synced, with valid frames behind',
    'cut above the watermark, refused below it',
    evidence('proof is a watermark behind the damage, not a frame behind it'),
  ],
  [
    'B22',
    'tails of zeros, 0xFF or bytes of another file',
    'cut and reported, or zeros',
    bytes(
      'truncations',
      'bytes behind the end of any file never make a record, and are named or reported',
    ),
  ],
  [
    'B23',
    'a batch is cut anywhere',
    'one frame: all or nothing',
    commits('a batch that is cut at any byte is wholly absent'),
  ],
  [
    'B24',
    'seqs change when indexes are lost or batches burn',
    'seqs stand in the frames',
    [
      ...damage('a damaged index is rebuilt and nobody notices'),
      ...counter('A6: when a commit is rejected, everything accepted after it is rejected with it'),
    ],
  ],
  [
    'B25',
    'hash chains in batches',
    none('there is no hash chain in the journal; the audit room has its own').notApplicable,
  ],
  [
    'B26',
    'the clock regresses',
    'times are never used for order',
    commits('the order of calls is the order of seqs, across many threads without a gap'),
  ],
  [
    'B27',
    'somebody tampers under right checksums',
    none('checksums find accidents, not attackers; the audit room anchors').notApplicable,
  ],
  [
    'B28',
    'expected versions',
    'ifLastSeq, checked with the bytes',
    ts(
      'journal/append',
      'with ifLastSeq that differs writes nothing and is CONFLICT',
      'of two batches with the same ifLastSeq one wins',
    ),
  ],
  ['B29', 'crashes in compaction', none('the journal is never rewritten').notApplicable],
  [
    'B30',
    'authorities beside the log corrupt or foreign',
    'head and cursors: CORRUPT, never empty',
    [
      ...tools(
        'verify tells damaged marks, a torn tail, and a log that ends below what is expected',
      ),
      ...foreign,
    ],
  ],
  ['B31', 'hidden ranges', none('there are none').notApplicable],
  [
    'B32',
    'an index whose watermark lies behind the file',
    'out of bounds: rebuilt',
    index('an index comes back, and only under its own seed, seal and bounds'),
  ],
  [
    'B33',
    'a projection ahead of the log',
    'a state refuses a checkpoint that the journal does not reach',
    together('a journal that is gone'),
  ],
  [
    'B34',
    'waiters when the writer dies',
    'all are rejected promptly',
    ts('journal/close', 'rejects those who wait for a seq that did not come'),
  ],
  [
    'B35',
    'subscribers that went, buffers that leak',
    'iterators let go; values belong to the caller',
    ts('journal/follow', 'left while it waits ends at once'),
  ],
  [
    'B36',
    'locks: twice in a process, after a kill, inherited, by another path',
    'one writer; one journal per directory',
    [
      ...posix(
        'the lock of a killed process is free, and its holder still to be read',
        'a program that the holder starts does not hold the lock',
      ),
      ...ts('journal/open', 'several opens of one directory are handles on one journal'),
    ],
  ],
  ['B37', 'keys', later('encryption').notApplicable],
  [
    'B38',
    'a snapshot to a bad place or cut short',
    'complete or nothing that opens',
    [
      ...tools('a snapshot of a damaged journal fails and leaves no journal behind'),
      ...opens('a snapshot that failed can be tried again in the same place'),
    ],
  ],
  [
    'B39',
    'a read-only medium',
    'opened and read without a write',
    observer('a read-only open changes nothing'),
  ],
  ['B40', 'imports', later('events').notApplicable],

  [
    'G1',
    'every public operation runs under faults',
    'typed rejections; the next open decides',
    [
      ...simulated('what was acknowledged is there after the power was cut at any call'),
      ...commits(
        'a full disk rejects the commit and all behind it, and the journal goes on when space returns',
      ),
    ],
  ],
  [
    'G2',
    'recovery at every byte offset',
    'cut and reported',
    opens('a torn tail is cut and reported at every byte of the last commit'),
  ],
  [
    'G3',
    'the store fails to sync',
    'POISONED',
    commits(
      'a failed sync ends the writer: everything later is poisoned and nothing is tried again',
    ),
  ],
  [
    'G4',
    'large scans',
    'bounded memory',
    ts(
      'campaign/measurements',
      'opens after a clean close without reading the records, and reads in bounded memory',
    ),
  ],
  [
    'G5',
    'a full disk',
    'rejected, and the journal goes on',
    commits(
      'a full disk rejects the commit and all behind it, and the journal goes on when space returns',
    ),
  ],
  [
    'G6',
    'malformed lengths',
    'bounds before allocation',
    walk('nothing is allocated or read for a length that no checksum vouches for'),
  ],
  [
    'G7',
    'hash collisions',
    'identity is (id, epoch, seq)',
    counter(
      'A13: epochs differ after every unclean open, so (id, epoch, seq) names one record for ever',
    ),
  ],
  [
    'G8',
    'many writers, readers and consumers',
    'order is kept; cursors move by compare-and-set',
    [
      ...ts('journal/workers', 'share a journal: every seq once, each worker in its own order'),
      ...commits('the order of calls is the order of seqs, across many threads without a gap'),
    ],
  ],
  [
    'G9',
    'lost updates',
    'ifLastSeq',
    ts('journal/append', 'of two batches with the same ifLastSeq one wins'),
  ],
  [
    'G10',
    'deadlocks',
    'no lock across a call of JavaScript; a documented order',
    ts(
      'journal/reentrancy',
      'that appends to a journal is refused, and the records around it are whole',
    ),
  ],
  [
    'G11',
    'performance is published',
    'measurements are parts of the campaign',
    ts('campaign/measurements', 'a 17-byte record committed alone costs at most 64 bytes'),
  ],
  [
    'G12',
    'no sleeping to synchronise',
    'waitFor',
    ts('journal/append', 'waitFor waits for a seq that comes later, without forcing anything'),
  ],
  [
    'G13',
    'the packed package, error codes, wrong types',
    'TypeError and RangeError before anything is written',
    ts(
      'journal/arguments',
      'async ones reject, write and appendSync throw, and nothing is written',
    ),
  ],
  [
    'G14',
    'odd inputs',
    'kept byte for byte, or refused',
    ts('journal/reentrancy', 'proxies, circular values and detached or shared memory do no harm'),
  ],
  [
    'G15',
    'tests are isolated and replay',
    'scheduler and disk in memory replay from a seed',
    simulated('whole operations on the simulated disk replay exactly from their seed'),
  ],
  [
    'G16',
    'reports reconcile',
    'records and lost records make up the range',
    tools('salvage accounts for every seq whatever was damaged'),
  ],
  [
    'G17',
    'writer and reader share one encoding',
    'golden files',
    t(`${format}/golden.test.cpp`, 'the golden segment is decoded, and encoded to the same bytes'),
  ],
  [
    'G18',
    'an I/O error is taken for the end',
    'never',
    [
      ...walk('what cannot be read is never taken for absent'),
      ...unreadable('an unsealed segment that cannot be read is not cut but refused'),
    ],
  ],
  [
    'G19',
    'sentinels on failure',
    'a hash of a wrong size is refused',
    ts('codec/codecs', 'of a wrong size is refused before anything is written'),
  ],
  [
    'G20',
    'clock skew',
    'order by seq',
    commits('the order of calls is the order of seqs, across many threads without a gap'),
  ],
  [
    'G21',
    'magic numbers',
    'options have names and ranges',
    ts('journal/arguments', '%s out of range is a RangeError (%j)'),
  ],
  [
    'G22',
    'random histories against a model',
    'acknowledged is readable, order kept, nothing invented',
    ts('journal/model', 'does what its model does, whatever the history'),
  ],
  [
    'G23',
    'observability',
    'stats and diagnostics',
    ts('journal/diagnostics', 'tidemark:open says which journal and what its recovery found'),
  ],

  [
    'W1',
    'killed before the write',
    'unchanged',
    opens('after a kill everything durable is there, in a new segment with a new epoch'),
  ],
  [
    'W2',
    'a batch partly on the disk',
    'wholly absent, reported',
    commits('a batch that is cut at any byte is wholly absent'),
  ],
  [
    'W3',
    'a torn header with any length',
    'bounded before allocation',
    frame('lengths are checked before they are believed, also under a right checksum'),
  ],
  [
    'W4',
    'garbled sectors',
    'no test for zeros decides',
    evidence('garbled sectors are complete and wrong, or no header at all'),
  ],
  [
    'W5',
    'a batch that was written and not acknowledged',
    'whole or absent, durable before it is shown',
    simulated('what was acknowledged is there after the power was cut at any call'),
  ],
  [
    'W6',
    'killed before the sync, opened, power cut',
    'open syncs first',
    rotation(
      'a seal that is only in the page cache is made durable before the log goes on behind it',
    ),
  ],
  [
    'W7',
    'a crash in recovery',
    'the same result',
    counter('a second crash during recovery, anywhere, changes nothing about the result'),
  ],
  [
    'W8',
    'residue of a longer batch',
    'never validates: no place is written twice',
    counter('A4: a rejected record never comes back behind its replacement'),
  ],
  [
    'W9',
    'payloads that hold frames',
    'never accepted',
    walk('a payload that holds the bytes of a segment is never taken for frames of this place'),
  ],
  [
    'W10',
    'several batches in flight',
    'cut at the earliest hole',
    evidence('proof is a watermark behind the damage, not a frame behind it'),
  ],
  [
    'W11',
    'records of every size up to the end of a block or file',
    'come back',
    walk('records of many sizes come back, and frames end exactly where the file does'),
  ],
  [
    'W12',
    'a crash between seal and successor',
    'the successor comes first; both orders are known',
    t(
      `${journal}/links.test.cpp`,
      "what a crash between a successor's header and the seal leaves is no damage",
    ),
  ],
  [
    'W13',
    'a new file without a header',
    'debris, or a creation that is made anew',
    opens('a torn creation is created anew'),
  ],
  [
    'W14',
    'a directory entry is lost',
    'nothing acknowledged depended on it',
    simulated('what was acknowledged is there after the power was cut at any call'),
  ],
  [
    'W15',
    'renames lost, temporaries left',
    'debris is removed',
    commits('rotation keeps every record, and the spare of a closed journal is gone'),
  ],
  [
    'W16',
    'head truncation, cut anywhere',
    'no resurrection, removals are repeated',
    [
      ...counter('A3e: a truncation that resolved stays, although the removals were lost'),
      ...commits('removals that fail or come back after a truncation are debris, not damage'),
    ],
  ],
  ['W17', 'the tail truncated and written again', tailTruncation.notApplicable],
  [
    'W18',
    'everything truncated; starting at a seq',
    'startSeq; a journal may be empty',
    reader('a journal that starts elsewhere is read from its first seq'),
  ],
  [
    'W19',
    'a checkpoint file torn or foreign',
    'a typed error, never an older value; the lenient load says what it left out',
    ts('checkpoint/damage', 'is the file of another generation, and of another directory'),
  ],
  [
    'W20',
    'files go while a reader holds them',
    'TRUNCATED, never CORRUPT',
    damage(
      'a segment that was truncated while it is read is TRUNCATED, one that vanished is CORRUPT',
    ),
  ],
  ['W21', 'old frames in a recycled segment', recycling.notApplicable],
  ['W22', 'recycling across versions', recycling.notApplicable],
  [
    'W23',
    'a bit flips below the watermark',
    'CORRUPT with place and seqs, the flipped bit named',
    [
      ...flips,
      ...t(
        `${journal}/verify_flips.test.cpp`,
        'verify names the byte of every flipped bit in frames, records, seal and index',
      ),
    ],
  ],
  [
    'W24',
    'the same in the last batch',
    'undecidable: cut and reported',
    counter(
      'A14: the commit acknowledged last, whole and wrong, is cut and reported as undecidable',
    ),
  ],
  [
    'W25',
    'a segment in the middle missing, cut, doubled, swapped, zeroed',
    'refused, and named',
    [
      ...missing,
      ...bytes(
        'files',
        'renamed and duplicated segments are refused, and salvage reads each once',
        'files that are exchanged or emptied are refused or reported',
      ),
    ],
  ],
  [
    'W26',
    'the last segment deleted',
    'the seal in front names it',
    counter('A3b: a lost last segment is corruption, and its seqs are not handed out again'),
  ],
  [
    'W27',
    'zeroed pages, lost and misdirected writes',
    'refused or reported, never a wrong value',
    bytes(
      'blocks',
      'zeroed and garbled blocks are refused or reported, and never give a wrong value',
      'blocks written to another place, within a file and between files, never validate',
      'an older version of a block is the older journal that it is, or damage that is named',
    ),
  ],
  [
    'W28',
    'one sector cannot be read',
    'IO; the neighbours are read',
    unreadable('one unreadable block costs only the records in it'),
  ],
  [
    'W29',
    'two records of one length swapped',
    'the seq is under the checksum',
    frame('two records of the same length cannot be swapped'),
  ],
  [
    'W30',
    'garbage behind the end, files longer or shorter',
    'named or reported',
    [
      ...bytes(
        'truncations',
        'bytes behind the end of any file never make a record, and are named or reported',
      ),
      ...cuts,
    ],
  ],
  [
    'W31',
    'salvage on request',
    'every sound record, exact losses, damaged bytes kept aside',
    tools('salvage accounts for every seq whatever was damaged'),
  ],
  [
    'W32',
    'writes fail in every way',
    'rejected, the journal goes on',
    commits(
      'a full disk rejects the commit and all behind it, and the journal goes on when space returns',
    ),
  ],
  [
    'W33',
    'a sync fails',
    'POISONED',
    commits(
      'a failed sync ends the writer: everything later is poisoned and nothing is tried again',
    ),
  ],
  [
    'W34',
    'reopened after that',
    'the device is read, not the cache',
    rotation("a successor's header that is only in the page cache is not continued"),
  ],
  [
    'W35',
    'the sync of a directory fails at rotation',
    'the old segment stands',
    rotation('a header that was written in part or wholly, with an error, is no second successor'),
  ],
  [
    'W36',
    'rights lost, read-only',
    'a typed error',
    posix('without permission: access, and nothing is left behind'),
  ],
  [
    'W37',
    'the disk stalls',
    'memory is bounded, the end of a process does not hang',
    [
      ...ts(
        'journal/backpressure',
        'beyond maxPendingBytes append rejects and write throws BUSY, and no seq is used',
      ),
      ...ts(
        'journal/failures',
        'and stands still does not stop the end of a process ($how, $mode)',
      ),
    ],
  ],
  [
    'W38',
    'no descriptors at rotation',
    'the batch fails, the next may succeed',
    [
      ...rotation('records that wait for a sync get it although the next commit waits for a spare'),
      ...posix('a directory is synced where the process has no descriptor left, again and again'),
    ],
  ],
  [
    'W39',
    'the clock jumps',
    'nothing newest is released',
    commits('retention releases whole segments at rotation and never the newest'),
  ],
  [
    'W40',
    'two writers, stale locks, forks, workers',
    'one writer, LOCKED with the holder',
    [
      ...posix('the lock of a killed process is free, and its holder still to be read'),
      ...simulated('two simulated processes do not share a journal: the second finds it locked'),
    ],
  ],
  [
    'W41',
    'readers during everything',
    'at most the watermark, no torn reads',
    observer(
      'beside a writer only what a header proves durable is shown',
      'an observer follows through several rotations at once',
    ),
  ],
  [
    'W42',
    'a backup of a journal that is written',
    'a snapshot, bounded by the watermark',
    tools('a snapshot holds the records, the cursors and the head of its view'),
  ],
  [
    'W43',
    'copies, network file systems, links',
    'network refused; directories by identity',
    [
      ...opens('a network file system is refused unless it is allowed'),
      ...posix('a symbolic link is refused as a file, dangling or not, and creates nothing'),
    ],
  ],
  [
    'W44',
    'newer versions',
    'refused by type, or stepped over',
    walk('an unknown frame that may be skipped is stepped over and counted, others are refused'),
  ],
  [
    'W45',
    'the process or a worker ends with batches in flight',
    'nothing acknowledged is lost',
    ts(
      'journal/workers',
      'terminated with commits in flight lose nothing acknowledged and leave no gap',
    ),
  ],
  [
    'W46',
    'hostile files',
    'bounded memory and work',
    [
      ...walk('random headers under right checksums never crash'),
      ...bytes('fields', 'no field is trusted beyond its bounds, also under checksums that fit'),
    ],
  ],
  [
    'W47',
    '32-bit boundaries',
    'seqs are safe integers, bounded',
    frame('seqs stay within the segment and within safe integers'),
  ],
  ['W48', 'encrypted and compressed records', later('encryption and compression').notApplicable],
  [
    'S1',
    'a tail cut in the middle of a record, then an acknowledged append',
    'the prefix and the new record; in an imported file the torn line is named',
    [
      ...opens('a torn tail is cut and reported at every byte of the last commit'),
      ...onBoth(
        'S1 a tail cut in the middle of a record: the prefix, and what is appended behind it',
      ),
      ...ts(
        'scan/exchange',
        'S1: a torn line and what is not an entry are errors with their line, or left out and listed',
      ),
    ],
  ],
  [
    'S2',
    'a flipped bit inside of a record',
    'CORRUPT with the place; skip gives the others',
    [
      ...flips,
      ...onBoth('S2 a flipped bit in a text: a typed error with its place, or all the others'),
    ],
  ],
  [
    'S3',
    'the file is cut at every byte of the last record',
    'cut and reported; what is in front stays',
    [
      ...opens('a torn tail is cut and reported at every byte of the last commit'),
      ...onBoth('S3 cut at every byte of the last record: always those in front of it'),
    ],
  ],
  [
    'S4',
    'nothing there, or nothing whole yet',
    'empty, and only then',
    saved(
      'scenarios',
      'S4 nothing was ever saved: a missing, an empty and a half-made directory are empty',
    ),
  ],
  [
    'S5',
    'missing, damaged, foreign and read-only',
    'new; the older generation and a longer replay; a typed error; nothing is created',
    [
      ...together(
        'the older one and a longer replay give the same value, whatever bit is flipped',
        'all of them are a typed error, never a new state',
        'the only one is a typed error, also where the journal holds everything',
      ),
      ...scans('another one is refused, and taken over only when asked to'),
      ...onBoth('S5 the directory of another scan is refused, and nothing is changed'),
      ...saved(
        'scenarios',
        'S5 a read-only open creates nothing, and a missing directory is an error',
      ),
    ],
  ],
  [
    'S6',
    'a crash at each step of a save',
    'old or new, whole; temporary files of the dead go, those of the living stay',
    [
      ...saved('scenarios', 'S6 old or new, whole, and no temporary file stays'),
      ...together(cutAnywhere),
    ],
  ],
  [
    'S7',
    'truncation beside appends',
    'logical and exact: every acknowledged append is in front of it or stays',
    [
      ...commits('truncation is logical, exact and durable, and is held back by cursors'),
      ...onBoth('S7 truncation beside appends of four handles: in front of it, or there'),
      ...together(
        'up to what the oldest generation that is kept covers, and not before there are enough',
      ),
    ],
  ],
  [
    'S8',
    'many workers on one journal',
    'every record once, every copy the same',
    [
      ...onBoth('S8 ten handles append a hundred each: a thousand, none damaged'),
      ...ts(
        'scan/workers',
        'mark 10,000 times from 8 of them, half on the same targets: none lost, none doubled',
      ),
    ],
  ],
  [
    'S9',
    '100,000 targets, names of every kind, many twice',
    'they come back, and count once',
    [
      ...scans('S9: names of every kind come back', 'S9: 100,000 of them, and as many again'),
      ...onBoth('S9 names of every kind come back, and count once however often they are marked'),
    ],
  ],
  [
    'S10',
    'progress with odd totals, clocks, downtime and counts',
    'finite; null where unknown, 0 where done; downtime does not count',
    [
      ...progress(
        'S10: a total of 0 is done',
        'S10: more processed than there were is done',
        'S10: a clock that goes backwards neither counts nor stops',
        'S10: downtime between two runs is not active time',
        'S10: counters near 2^53 stay finite',
      ),
      ...onBoth('S10 progress of a scan that was opened again is finite, whatever its total'),
    ],
  ],
  [
    'C1',
    'a crash before the temporary file',
    'the same value, every event once',
    [...together(cutAnywhere), ...onBoth('C1 a crash before the temporary file of a checkpoint')],
  ],
  [
    'C2',
    'a crash behind the sync of the temporary file',
    'the same value, every event once',
    [
      ...together(cutAnywhere),
      ...onBoth('C2 a crash behind the sync of the temporary file, or while it is written'),
    ],
  ],
  [
    'C3',
    'a crash behind the rename',
    'the same value, every event once',
    [
      ...together(cutAnywhere),
      ...onBoth('C3 a crash behind the rename: the name may be there or not'),
    ],
  ],
  [
    'C4',
    'a crash behind the sync of the directory, before the release',
    'the same value, every event once',
    [
      ...together(cutAnywhere),
      ...onBoth('C4 a crash behind the sync of the directory, before anything is released'),
    ],
  ],
  [
    'C5',
    'a crash in the middle of the release',
    'the same value, every event once',
    [
      ...together(cutAnywhere),
      ...onBoth('C5 a crash in the middle of the release: half of the files are gone'),
    ],
  ],
  [
    'C6',
    'a crash behind the release',
    'the same value, every event once',
    [...together(cutAnywhere), ...onBoth('C6 a crash behind the release')],
  ],
];

/** Every scenario: { id, says, outcome?, tests?, notApplicable? } */
export const scenarios = rows.map(([id, says, outcome, tests]) =>
  tests === undefined ? { id, says, notApplicable: outcome } : { id, says, outcome, tests },
);
