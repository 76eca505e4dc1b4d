import type { Session } from '../../database/database.ts';
import { quoteName } from '../../sql/identifiers.ts';
import { columnFacts, constraintFacts, indexFacts, tableFacts } from '../../sql/manifest.ts';
import { findVectorExtension } from '../extension.ts';
import { withLocalSettings } from '../local-settings.ts';
import type { ColumnDescription, TableDescription } from '../tables.ts';
import type { ManifestColumn, ManifestConstraint, ManifestIndex, ManifestTable } from './manifest.ts';

/**
 * A table as a manifest has it: where columns were chosen these alone, in the order of the table, and what needs no
 * others. A generated column that was chosen comes as a plain one, as files hold its values.
 * @param session a transaction
 * @param chosen null: all columns
 */
export async function describeTableFor(
  session: Session,
  { oid, schema, name, kind }: TableDescription,
  chosen: readonly string[] | null,
): Promise<ManifestTable> {
  const extension = await findVectorExtension(session);
  const path = extension === undefined ? '' : quoteName(extension.schema);
  return withLocalSettings(session, { search_path: path }, async () => {
    const table = await session.query<TableFacts>(tableFacts(oid));
    const columns = await session.query<ManifestColumn>(columnFacts(oid));
    const constraints = await session.query<ManifestConstraint>(constraintFacts(oid));
    const indexes = await session.query<ManifestIndex>(indexFacts(oid));
    const withChosen = (each: { columns: readonly string[] }) =>
      chosen === null || each.columns.every((column) => chosen.includes(column));
    return {
      schema,
      name,
      kind,
      ...table.rows[0]!,
      columns:
        chosen === null
          ? columns.rows
          : columns.rows
              .filter((column) => chosen.includes(column.name))
              .map((column) => ({ ...column, generated: null })),
      constraints: constraints.rows.filter(withChosen),
      indexes: indexes.rows.filter(withChosen),
    };
  });
}

type TableFacts = Pick<ManifestTable, 'unlogged' | 'partitionedBy' | 'comment' | 'rowSecurity'>;

/** What a query gives, as a table. */
export function tableOfQuery(columns: readonly ColumnDescription[]): ManifestTable {
  const nothing = { notNull: false, default: null, generated: null, numbered: null, collation: null };
  return {
    schema: null,
    name: 'query',
    kind: 'query',
    unlogged: false,
    partitionedBy: null,
    rowSecurity: false,
    comment: null,
    columns: columns.map((column) => ({
      name: column.name,
      type: bareType(column),
      ...nothing,
      comment: null,
    })),
    constraints: [],
    indexes: [],
  };
}

/** The type as a manifest has it: pgvector's by its bare name. */
function bareType({ declared, vector, dimensions }: ColumnDescription): string {
  if (vector === undefined || vector === 'bit') return declared;
  return dimensions === undefined ? vector : `${vector}(${dimensions})`;
}
