import type { Session } from '../../../database/database.ts';
import { PgvError, UsageError } from '../../../errors.ts';
import { quoteQualified } from '../../../sql/identifiers.ts';
import type { ColumnDescription } from '../../tables.ts';
import type { ComposedColumn } from '../compose/composition.ts';

/**
 * Has PostgreSQL read each constant once, so that a bad one is refused before anything loads, `now` means one moment,
 * and the lanes get it as PostgreSQL prints it.
 * @throws UsageError for a text that is no value of its column's type
 */
export async function settleConstants(
  session: Session,
  composed: readonly ComposedColumn[],
  columns: readonly ColumnDescription[],
): Promise<ComposedColumn[]> {
  const settled: ComposedColumn[] = [];
  for (const [i, { name, source }] of composed.entries()) {
    if (source.kind !== 'constant' || source.text === undefined) settled.push({ name, source });
    else
      settled.push({ name, source: { ...source, text: await printed(session, source.text, columns[i]!) } });
  }
  return settled;
}

async function printed(session: Session, text: string, { name, type }: ColumnDescription): Promise<string> {
  // Without the column's modifier, which a cast would cut the value to; COPY refuses what is too long.
  const typeName = quoteQualified(type.schema, type.name);
  const { rows } = await session
    .query<{ text: string }>({ text: `SELECT $1::text::${typeName}::text AS text`, values: [text] })
    .catch((error: unknown) => {
      if (!(error instanceof PgvError) || !/^2[23]/.test(error.sqlstate ?? '')) throw error;
      const { message, sqlstate, hint } = error;
      throw new UsageError(`column ${name} cannot be set to ${JSON.stringify(text)}: ${message}`, {
        code: 'bad-value',
        column: name,
        sqlstate,
        hint,
        cause: error,
      });
    });
  return rows[0]!.text;
}
