// What the peers encode with: msgpackr with the options of tidemark's default codec.
import { Packr } from 'msgpackr';

export const packOptions = {
  useRecords: false,
  moreTypes: true,
  useBigIntExtension: true,
  variableMapSize: true,
};

export function encoder(binary) {
  if (binary) return (bytes) => bytes;
  const packr = new Packr(packOptions);
  return (value) => packr.pack(value);
}
