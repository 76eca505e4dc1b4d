import type { Database } from '../../database/database.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import type { TableDescription } from '../tables.ts';
import { createTableFor, type OnCreate } from './create-for-file.ts';
import { asItIs, asMade, type Prepared, type TableOptions } from './fit-table.ts';

export interface Preparation {
  /** The table, where it is there already. */
  existing: TableDescription | undefined;
  /** It was made for this very load: its columns are the file's, as when it was not there yet. */
  madeForIt: boolean;
  /** Where the table is made. */
  onCreate: OnCreate;
}

/**
 * The table, as it is or made from what the file suggests, and which field goes into which of its columns.
 * @throws UsageError, DataError before anything is loaded, where the two do not fit
 */
export async function prepareTable(
  database: Database,
  file: OpenedFile,
  given: TableOptions,
  reporter: Reporter,
  preparation: Preparation,
): Promise<Prepared> {
  const { existing, madeForIt, onCreate } = preparation;
  const { maker, embed } = given;
  const embedded = embed && { columns: embed.columns, dimensions: await embed.dimensions() };
  const options = { ...given, embedded };
  if (existing !== undefined) await maker?.check(database, existing);
  const prepared =
    existing === undefined
      ? await createTableFor(database, file, options, reporter, onCreate)
      : madeForIt && maker === undefined
        ? await asMade(database, file, options, existing)
        : asItIs(file, options, existing);
  for (const note of prepared.plan.notes) reporter.note(note);
  return prepared;
}
