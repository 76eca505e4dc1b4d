import type { Session } from '../../../database/database.ts';
import { PgvError, UsageError } from '../../../errors.ts';
import { quoteQualified } from '../../../sql/identifiers.ts';
import { BAD } from '../../../text-reader.ts';
import { textReader, type ValueType } from '../../../values/types.ts';
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
    else {
      const text = await printed(session, source.text, columns[i]!);
      checkFits(text, source.type, name);
      settled.push({ name, source: { ...source, text } });
    }
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
      throw badConstant(text, name, error);
    });
  return rows[0]!.text;
}

/** What depends on the column's modifier, as the number of a vector's dimensions does. */
function checkFits(text: string, type: ValueType, name: string): void {
  const reader = textReader(type, { utc: true, canonical: false });
  const bytes = Buffer.from(text);
  if (reader?.read(bytes, 0, bytes.length) === BAD) throw badConstant(text, name, reader.problem!);
}

function badConstant(
  text: string,
  column: string,
  { message, sqlstate, hint }: { message: string; sqlstate?: string | undefined; hint?: string | undefined },
): UsageError {
  return new UsageError(`column ${column} cannot be set to ${JSON.stringify(text)}: ${message}`, {
    code: 'bad-value',
    column,
    sqlstate,
    hint,
  });
}
