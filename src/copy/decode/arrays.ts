import { DataError } from '../../errors.ts';
import { Offsets, Validity } from '../../growing.ts';
import type { ValueReader } from './value-reader.ts';

/**
 * One-dimensional arrays (array_send): int32 dimensions (0: empty), int32 whether NULLs are there, the element's OID,
 * then length and lower bound of each dimension, then the elements as fields.
 * https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/adt/arrayfuncs.c
 * @param elements gathers those of all rows
 */
export function arrayValues(elementOid: number, elements: ValueReader): ValueReader {
  const validity = new Validity();
  const offsets = new Offsets();
  let count = 0;
  return {
    read: (wire, start) => {
      const { view } = wire;
      const dimensions = view.getInt32(start);
      if (dimensions > 0) {
        if (dimensions > 1) throw refused(`an array of ${dimensions} dimensions`);
        const lowerBound = view.getInt32(start + 16);
        if (lowerBound !== 1) throw refused(`an array that begins at ${lowerBound}`);
        const length = view.getInt32(start + 12);
        let at = start + 20;
        for (let i = 0; i < length; i++) {
          const size = view.getInt32(at);
          at += 4;
          if (size < 0) elements.readNull();
          else {
            elements.read(wire, at, at + size);
            at += size;
          }
        }
        count += length;
      }
      offsets.add(count);
      validity.addValue();
    },
    readNull: () => {
      offsets.add(count);
      validity.addNull();
    },
    take: () => {
      count = 0;
      return {
        kind: 'array',
        elementOid,
        offsets: offsets.take(),
        elements: elements.take(),
        validity: validity.take(),
      };
    },
  };
}

const refused = (what: string): DataError =>
  new DataError(`${what}, which only csv, tsv, jsonl and binary can hold`, {
    code: 'not-representable',
    hint: 'choose one of these formats, or leave the column out with --columns',
  });
