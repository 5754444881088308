// Runs a part of the campaign in a temporary directory and says which of its claims do not hold.
import { tmpdir } from 'node:os';
import { inTemporary } from './support.mjs';

interface Claim {
  claim: string;
  holds: boolean;
  measured: unknown;
  bound: unknown;
}
type Part<Sizes> = (
  sizes: Sizes & { directory: string },
) => Promise<{ claims: Claim[]; figures: unknown }>;

export async function runPart<Sizes>(
  part: Part<Sizes>,
  sizes: Sizes,
): Promise<{ claims: number; broken: Claim[]; figures: unknown }> {
  const { claims, figures } = (await inTemporary(tmpdir(), (directory: string) =>
    part({ ...sizes, directory }),
  )) as { claims: Claim[]; figures: unknown };
  return { claims: claims.length, broken: claims.filter(({ holds }) => !holds), figures };
}
