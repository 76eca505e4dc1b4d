import type { WriteFormat } from './format.ts';

/** CSV exactly as PostgreSQL's own COPY writes it: the server's bytes pass through, and are only counted. */
export const csvFormat: WriteFormat = {
  name: 'csv',
  endings: ['csv'],
  binary: false,
  wire: (options) => ({ format: 'csv', ...options }),
  encode: async function* (wire, { header }, onRows) {
    const records = new CsvRecordCounter();
    for await (const chunk of wire) {
      records.count(chunk);
      yield chunk;
      onRows(header ? Math.max(records.total - 1, 0) : records.total);
    }
  },
};

const quote = 0x22;
const lineFeed = 0x0a;

/**
 * Counts the records of CSV as COPY writes it: line feeds outside quotes. A doubled quote inside a field closes
 * and opens it again, which comes to the same.
 */
export class CsvRecordCounter {
  total = 0;
  #quoted = false;

  /** Takes the next bytes, cut anywhere. */
  count(bytes: Uint8Array): void {
    // A Buffer's indexOf is several times as fast as a Uint8Array's.
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const find = (byte: number, from: number): number => {
      const at = chunk.indexOf(byte, from);
      return at < 0 ? chunk.length : at;
    };
    let at = 0;
    let end = -1;
    while (at < chunk.length) {
      const nextQuote = find(quote, at);
      if (!this.#quoted) {
        // `end` is kept from round to round: a line feed beyond the next quote is looked for once, not for each field.
        if (end < at) end = find(lineFeed, at);
        while (end < nextQuote) {
          this.total++;
          end = find(lineFeed, end + 1);
        }
      }
      if (nextQuote === chunk.length) return;
      this.#quoted = !this.#quoted;
      at = nextQuote + 1;
    }
  }
}
