/** What a user may ask of a text format. */
export interface WriteOptions {
  /** The line of column names. */
  header: boolean;
  /** What stands for NULL. */
  null: string;
  /** One character between two fields. */
  delimiter: string;
}

/** What the database is asked to send: the options of its COPY. */
export type WireFormat = { format: 'binary' } | ({ format: 'csv' } & WriteOptions);

/**
 * A kind of file that rows can be written as. To add one: a file beside this one with an object of this shape,
 * and a line in formats.ts.
 */
export interface WriteFormat {
  /** As `--format` takes it; also the ending of the file that is named after the table. */
  name: string;
  /** Endings of file names that mean this format, without the dot. */
  endings: readonly string[];
  /** Not for a terminal, and without the options of text. */
  binary: boolean;
  wire: (options: WriteOptions) => WireFormat;
  /**
   * The file's bytes for the wire's. Pulled as fast as the output takes them; memory does not grow with the rows.
   * @param onRows told the number of whole rows so far, once a chunk
   */
  encode: (
    wire: AsyncIterable<Uint8Array>,
    options: WriteOptions,
    onRows: (rows: number) => void,
  ) => AsyncIterable<Uint8Array>;
}
