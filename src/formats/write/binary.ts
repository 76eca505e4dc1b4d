import type { WriteFormat } from './format.ts';

/**
 * One PGCOPY file, as `COPY … TO 'file' (FORMAT binary)` writes it and `COPY … FROM` reads it: a signature (11 bytes),
 * flags (4) and the length of a header extension (4), which PostgreSQL always leaves empty; the tuples; −1 as int16.
 * https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
 */
export const binaryFormat: WriteFormat = {
  name: 'binary',
  endings: ['bin', 'binary', 'pgcopy'],
  binary: true,
  appendable: true,
  textOptions: [],
  compression: 'around',
  sent: () => 'binary',
  encoder: () => ({ takes: 'tuples', encode: (tuples, rows) => ({ rows, streams: [tuples] }) }),
  files: () => [
    {
      ending: undefined,
      streams: [0],
      assembler: () => ({
        head: () =>
          Uint8Array.from([...Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), ...new Array(8).fill(0)]),
        add: () => {},
        end: () => [Uint8Array.of(0xff, 0xff)],
      }),
    },
  ],
};
