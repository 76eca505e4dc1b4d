import type { Session } from '../../database/database.ts';
import { type RowSource, selectRows } from '../../sql/export.ts';
import { quoteName, quoteQualified } from '../../sql/identifiers.ts';
import { digestRows, digestSettings } from '../../sql/manifest.ts';
import { withLocalSettings } from '../local-settings.ts';
import type { ColumnDescription } from '../tables.ts';
import { digestAlgorithm, type ManifestDigest } from './manifest.ts';

/** What rows come to, the same for the same rows anywhere. */
export interface Digested {
  rows: number;
  digest: ManifestDigest;
}

/**
 * Counts and digests rows on the server.
 * @param session a transaction, whose settings are as before afterwards
 */
export async function digest(
  session: Session,
  columns: readonly ColumnDescription[],
  rows: RowSource,
): Promise<Digested> {
  const query = selectRows(
    columns.map(({ name }) => quoteName(name)),
    rows,
  );
  const statement = digestRows(query, columns.map(senderOf));
  const found = await withLocalSettings(session, digestSettings, () =>
    session.query<{ rows: number; digest: string; columns: string[] }>(statement),
  );
  const { rows: count, digest: sum, columns: sums } = found.rows[0]!;
  const byColumn = Object.fromEntries(columns.map(({ name }, i) => [name, sums[i]!]));
  return { rows: count, digest: { algorithm: digestAlgorithm, rows: sum, columns: byColumn } };
}

/** The function that gives a vector's bytes, which lives where its type does. */
function senderOf({ vector, base }: ColumnDescription): string | undefined {
  if (vector === undefined || vector === 'bit') return undefined;
  return quoteQualified(base.schema, `${vector}_send`);
}
