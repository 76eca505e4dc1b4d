import { arrow } from './arrow/arrow.ts';
import { binary } from './binary/binary.ts';
import { csv, tsv } from './csv/csv.ts';
import type { ReadFormat } from './format.ts';
import { hdf5 } from './hdf5/hdf5.ts';
import { json, jsonl } from './json/json.ts';
import { npz } from './npz/npz.ts';
import { parquet } from './parquet/parquet.ts';
import { npy } from './vectors/npy.ts';
import { bvecs, fvecs, ivecs } from './vectors/vecs.ts';

/** Every format that rows are read from; a new one is a file of its own and a line here. */
export const readFormats: readonly ReadFormat[] = [
  csv,
  tsv,
  jsonl,
  json,
  npy,
  npz,
  fvecs,
  bvecs,
  ivecs,
  hdf5,
  parquet,
  arrow,
  binary,
];

/** The format that a file's name tells; stdin (`-`) is CSV unless it is said otherwise. */
export function formatOf(fileName: string): ReadFormat | undefined {
  if (fileName === '-') return csv;
  const name = fileName.toLowerCase();
  return readFormats.find(({ extensions }) => extensions.some((extension) => name.endsWith(extension)));
}

/** The first bytes that tell a format. */
export const tellingLength = 512;

/** A first object up to its first key's colon, alone or in a list: `{"id":`. A sparse vector has a number there. */
const beginsObject = /^(?:\xef\xbb\xbf)?\s*(\[\s*)?\{\s*"(?:[^"\\]|\\.)*"\s*:/s;

/** The format of JSON that a text's first bytes are of. */
export function jsonOfBytes(head: Uint8Array): ReadFormat | undefined {
  const [begins, list] = beginsObject.exec(Buffer.from(head).toString('latin1')) ?? [];
  if (begins === undefined) return undefined;
  return list === undefined ? jsonl : json;
}

/** The format that a file's first bytes tell, where it has a name for itself there. */
export function formatOfBytes(head: Uint8Array): ReadFormat | undefined {
  return readFormats.find(({ magic }) => magic?.every((byte, i) => head[i] === byte));
}

/** The format of this name. */
export function readFormat(name: string): ReadFormat | undefined {
  return readFormats.find((format) => format.name === name);
}
