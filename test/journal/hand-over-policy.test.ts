// When what is staged goes to the writer: a matter of speed only, so that nothing else would miss it.
import { describe, expect, it } from 'vitest';
import { HandOverPolicy } from '#lib/journal/hand-over-policy';

/** How many are staged when the hand-over comes, of so many that are appended in one turn. */
function handedOver(policy: HandOverPolicy, appended: number, withTheDisk: number, size = 10) {
  for (let count = 1; count <= appended; count++) {
    if (policy.isNow({ count, used: count * size }, withTheDisk + count)) return count;
  }
  return 'at the end of the turn';
}

describe('the policy of hand-overs', () => {
  it('waits for the end of the turn where it knows of no callers that go round', () => {
    const policy = new HandOverPolicy();
    expect(handedOver(policy, 15, 0)).toBe('at the end of the turn');
    expect(handedOver(policy, 15, 100)).toBe('at the end of the turn');
  });

  it('commits callers that go round together in two halves by turns', () => {
    const policy = new HandOverPolicy();
    policy.endOfTurn(128);
    expect(handedOver(policy, 128, 0)).toBe(64);
    // The other half comes while the first is with the disk.
    expect(handedOver(policy, 64, 64)).toBe('at the end of the turn');
  });

  it('makes no halves of few', () => {
    const policy = new HandOverPolicy();
    policy.endOfTurn(20);
    expect(handedOver(policy, 20, 0)).toBe(16);
    policy.endOfTurn(15);
    expect(handedOver(policy, 15, 0)).toBe('at the end of the turn');
  });

  it('hands over 256 records, and 64 KiB, whatever else there is', () => {
    const policy = new HandOverPolicy();
    policy.endOfTurn(1024);
    expect(handedOver(policy, 2000, 2000)).toBe(256);
    expect(handedOver(policy, 2000, 2000, 4096)).toBe(16);
  });

  it('makes no more than eight parts of many callers, of at most 512 KiB', () => {
    const policy = new HandOverPolicy();
    policy.endOfTurn(16_384);
    expect(handedOver(policy, 16_384, 1)).toBe(2048);
    expect(handedOver(policy, 16_384, 1, 4096)).toBe(128);
    policy.endOfTurn(1024);
    expect(handedOver(policy, 1024, 1)).toBe(256);
  });
});
