// What the peers encode with: msgpackr as tidemark's default codec uses it, plain maps.
import { Packr } from 'msgpackr';

export function encoder(binary) {
  if (binary) return (bytes) => bytes;
  const packr = new Packr({ useRecords: false });
  return (value) => packr.pack(value);
}
