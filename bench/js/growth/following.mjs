// Several followers of one handle, and when they see what. Times are nanoseconds of a clock that all
// processes share.

export const now = () => Number(process.hrtime.bigint());

export function startFollowers(journal, count) {
  let noted = Number.POSITIVE_INFINITY;
  const waiting = [];
  const followers = Array.from({ length: count }, () => ({ last: 0, seen: [] }));
  const slowest = () => Math.min(...followers.map(({ last }) => last));
  const arrived = () => {
    const last = slowest();
    while (waiting.length > 0 && waiting[0].seq <= last) waiting.shift().resolve();
  };
  const follow = async (follower, records) => {
    for await (const { seq } of records) {
      follower.last = seq;
      if (seq >= noted) follower.seen.push([seq, now()]);
      if (waiting.length > 0 && seq >= waiting[0].seq) arrived();
    }
  };
  for (const follower of followers) follow(follower, journal.follow({ from: 'end' }));
  return {
    /** From this seq on the times are noted. */
    note: (seq) => {
      noted = seq;
    },
    /** Resolves when all of them have seen this seq; seqs ascend from call to call. */
    reach: (seq) =>
      new Promise((resolve) => {
        waiting.push({ seq, resolve });
        arrived();
      }),
    /** [seq, time] of everything noted. */
    seen: () => followers.flatMap(({ seen }) => seen),
  };
}
