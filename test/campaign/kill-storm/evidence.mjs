// What the commit path of a killed writer was doing when it died, by what is proven.

/** Of each producer: its last k that was acknowledged. */
function acknowledgedBy(said) {
  const acknowledged = new Map();
  for (const { by, k, count } of said.acknowledged) acknowledged.set(by, k + count - 1);
  return (by) => acknowledged.get(by) ?? 0;
}

/**
 * A commit in flight is proven by records that the native writer had taken (the hand-over had returned)
 * and that no open finds: as long as there are any, its thread is at work on them. That they were not
 * written is only known when none of a producer's records can have been released before anybody read
 * (`unread`: there are some of which nobody knows whose they were). A commit is proven as well where the
 * thread was seen, some microseconds before the kill, in the call that syncs, while records that were
 * submitted had not been acknowledged: it was no idle mark. Records in the file of which nobody was told
 * are only a sign: perhaps the telling was late.
 */
export function evidenceOf({ plan, end: { said, state } }, history, { unread }) {
  const acknowledged = acknowledgedBy(said);
  const isKnown = (by) => !unread || history.reached(by) > 0;
  return {
    unwritten: [...said.handed].some(([by, handed]) => isKnown(by) && handed > history.reached(by)),
    // In close and recovery the thread writes marks, too.
    inSync:
      state === 'sync' &&
      plan.moment !== 'recovery' &&
      plan.moment !== 'close' &&
      [...said.submitted].some(([by, submitted]) => submitted > acknowledged(by)),
    unacknowledged: [...said.submitted.keys()].some((by) => history.reached(by) > acknowledged(by)),
  };
}
