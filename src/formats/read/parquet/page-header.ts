import { Damaged } from '../columnar/values.ts';
import { countAt, readStruct, structAt } from './thrift.ts';

/** PageHeader of parquet.thrift. */
export interface PageHeader {
  kind: 'data' | 'data-v2' | 'dictionary' | 'other';
  /** Bytes of the header itself. */
  headerLength: number;
  /** Bytes of the page behind its header, and what they are decompressed. */
  length: number;
  uncompressedLength: number;
  /** Values, NULLs and empty lists among them. */
  values: number;
  encoding: number;
  /** Version 1: how levels are encoded. */
  definitionEncoding: number;
  repetitionEncoding: number;
  /** Version 2: rows that begin in the page, which are whole there, and the bytes of levels, which are not compressed. */
  rows: number;
  repetitionLength: number;
  definitionLength: number;
  compressed: boolean;
}

const kinds = ['data', 'other', 'dictionary', 'data-v2'] as const;
/** Field of PageHeader with what is said of a page of this kind. */
const details = { data: 5, dictionary: 7, 'data-v2': 8, other: 6 } as const;

/** Values of one page, and bytes: more no writer makes. */
const most = 2 ** 30;

/** Reads the header at `at`. @throws Truncated where it does not end within the bytes */
export function readPageHeader(bytes: Uint8Array, at: number): PageHeader {
  const { struct, end } = readStruct(bytes, at);
  const kind = kinds[countAt(struct, 1)] ?? 'other';
  const detail = structAt(struct, details[kind]);
  if (detail === undefined && kind !== 'other') throw new Damaged('a page lacks its header');
  const about = detail ?? new Map();
  const [first, second] = [kind === 'data', kind === 'data-v2'];
  const header: PageHeader = {
    kind,
    headerLength: end - at,
    uncompressedLength: countAt(struct, 2),
    length: countAt(struct, 3),
    values: countAt(about, 1, 0),
    encoding: countAt(about, second ? 4 : 2, 0),
    definitionEncoding: first ? countAt(about, 3, 0) : 0,
    repetitionEncoding: first ? countAt(about, 4, 0) : 0,
    rows: second ? countAt(about, 3) : 0,
    definitionLength: second ? countAt(about, 5) : 0,
    repetitionLength: second ? countAt(about, 6) : 0,
    compressed: about.get(7) !== false,
  };
  if (Math.max(header.uncompressedLength, header.length, header.values) > most) {
    throw new Damaged('a page is larger than 1 GB');
  }
  return header;
}
