import { UsageError } from '../../errors.ts';
import type { Road } from '../../formats/read/format.ts';
import { changedVector } from '../../sql/changed-vector.ts';
import { printed } from '../../sql/export.ts';
import { quoteName } from '../../sql/identifiers.ts';
import type { ColumnDescription, TableDescription } from '../tables.ts';
import { isPortable, isSameType } from './portable.ts';
import { type ChangedColumn, checkChanged } from './vector-column.ts';

/** How a table's columns go to another database. */
export interface ColumnsPlan {
  /** binary: the values as they are; text, where the other database would not understand the bytes of one of them. */
  road: Road;
  columns: PlannedColumn[];
}

export interface PlannedColumn {
  column: ColumnDescription;
  /** What the database that it comes from is to send, in SQL. */
  expression: string;
}

/**
 * Plans how the columns are sent. Vectors are changed where they come from, so that no more is sent than is stored;
 * all other values go as they are, or are read anew from their text where the types differ.
 * @param existing the table that they go into; undefined: one is made as theirs is
 * @throws UsageError where the rows cannot go into that
 */
export function planColumns(
  columns: readonly ColumnDescription[],
  existing: TableDescription | undefined,
  changed: ChangedColumn | undefined,
): ColumnsPlan {
  if (existing !== undefined) {
    checkTarget(columns, existing);
    if (changed !== undefined) checkChanged(changed, existing);
  }
  const planned = columns.map((column) => {
    const into = existing?.columns.find(({ name }) => name === column.name);
    const mine = changed?.column.name === column.name ? changed : undefined;
    const vectors = vectorsOf(column, into, mine);
    if (vectors !== undefined) return { column, ...vectors };
    return {
      column,
      expression: quoteName(column.name),
      text: printed(column.name, column.output),
      fits: isPortable(column) && (into === undefined || isSameType(column, into)),
    };
  });
  const road = planned.every(({ fits }) => fits) ? 'binary' : 'text';
  return {
    road,
    columns: planned.map(({ column, expression, text }) => ({
      column,
      expression: road === 'binary' ? expression : text,
    })),
  };
}

/** Vectors in whichever of pgvector's types the other column has; undefined where they do not go so. */
function vectorsOf(
  column: ColumnDescription,
  into: ColumnDescription | undefined,
  changed: ChangedColumn | undefined,
): { expression: string; text: string; fits: true } | undefined {
  const from = column.vector;
  const to = changed?.options.type ?? (into === undefined ? from : into.vector);
  if (from === undefined || to === undefined) return undefined;
  if (changed === undefined && (from === 'bit' || to === 'bit')) {
    if (from === to) return undefined;
    throw new UsageError(
      `column ${column.name} is ${column.declared}, and ${into!.declared} in the table that it goes into`,
      {
        code: 'bad-type',
        column: column.name,
        hint: to === 'bit' ? '--type bit keeps the signs alone' : 'copy into another table with --to-table',
      },
    );
  }
  const expression = changedVector({
    column: column.name,
    schema: column.base.schema,
    from,
    to,
    declared: column.dimensions,
    cut: changed?.options.dimensions,
    normalize: changed?.options.normalize === true,
  });
  const isAsItWas = expression === quoteName(column.name);
  const text = isAsItWas ? printed(column.name, column.output) : `(${expression})::text`;
  return { expression, text, fits: true };
}

/** @throws UsageError for columns that the table lacks or fills by itself, and for those that it needs and the other lacks */
function checkTarget(columns: readonly ColumnDescription[], existing: TableDescription): void {
  const hint = 'choose columns with --columns, or another table with --to-table';
  for (const { name } of columns) {
    const into = existing.columns.find((column) => column.name === name);
    if (into === undefined) {
      const names = existing.columns.map((column) => column.name).join(', ');
      throw new UsageError(`table ${existing.shown} has no column ${name} (it has ${names})`, {
        code: 'no-column',
        column: name,
        hint,
      });
    }
    if (into.generated !== null) {
      throw new UsageError(`column ${name} of ${existing.shown} is generated and takes no values`, {
        code: 'generated-column',
        column: name,
        hint,
      });
    }
  }
  const missing = existing.columns.find(
    ({ name, notNull, hasDefault, identity, generated }) =>
      notNull &&
      !hasDefault &&
      identity === null &&
      generated === null &&
      !columns.some((column) => column.name === name),
  );
  if (missing === undefined) return;
  throw new UsageError(
    `column ${missing.name} of ${existing.shown} is NOT NULL without a default, and no column goes into it`,
    { code: 'missing-column', column: missing.name, hint },
  );
}
