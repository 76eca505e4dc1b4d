const newline = 0x0a;

/**
 * Where the rows of an encoded COPY body, without header and trailer, begin and end.
 * @param encoded what encodeBinary or encodeText made, of any number of batches
 * @param road which of the two
 * @returns one offset more than there are rows: row i is encoded[offsets[i], offsets[i + 1])
 */
export function rowOffsets(encoded: Uint8Array, road: 'binary' | 'text'): Uint32Array {
  const rowEnd = road === 'binary' ? binaryRowEnd(encoded) : textRowEnd(encoded);
  let rows = 0;
  for (let at = 0; at < encoded.length; at = rowEnd(at)) rows++;
  const offsets = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) offsets[row + 1] = rowEnd(offsets[row]!);
  return offsets;
}

/** int16 fields, and for each its length as int32 (−1: NULL) and its bytes. */
function binaryRowEnd(encoded: Uint8Array): (start: number) => number {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.length);
  return (start) => {
    let at = start + 2;
    for (let fields = view.getInt16(start); fields > 0; fields--) at += 4 + Math.max(view.getInt32(at), 0);
    return at;
  };
}

/** A line feed within a value is written `\n`, so that every byte of its kind ends a row. */
function textRowEnd(encoded: Uint8Array): (start: number) => number {
  return (start) => encoded.indexOf(newline, start) + 1;
}
