/**
 * A digest that is stored with every record and verified when it is read. Give your own as
 * `contentHash` to `Journal.open`: its name and size are recorded in the journal.
 */
export interface ContentHash {
  /** Recorded at creation; 1 to 64 bytes of UTF-8, not 'none'. */
  readonly name: string;
  /** Size of a digest in bytes, 1 to 64. */
  readonly bytes: number;
  /** The digest of the encoded bytes of one record; must not change or keep them. */
  digest(data: Uint8Array): Uint8Array;
}
