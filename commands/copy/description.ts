import type { CopyDescription } from '../../src/operations/copy/describe-copy.ts';
import { count, counted } from '../output/units.ts';

/** What --dry-run shows to people. */
export function renderDescription(description: CopyDescription): string {
  const { fromTable, from, to, table, createTable, truncate, through, rows, lanes, values, columns } =
    description;
  const target =
    createTable === null
      ? `into ${table}, which is there${truncate ? ' and is emptied' : ''}`
      : `into ${table}, made by\n${createTable.map((statement) => `${statement};\n`).join('')}`.trimEnd();
  const how = through === 'staging' ? 'all at once, through a staging table' : 'piece by piece';
  const about = rows === null ? '' : `, about ${count(rows)} rows`;
  const width = Math.max(...columns.map(({ column }) => column.length));
  const lines = columns.map(
    ({ column, type, sent }) => `  ${column.padEnd(width)}  ${type}, sent as ${sent}\n`,
  );
  return `${fromTable} of ${from}${about}\nto ${to}\n${target}\n${how}, ${counted(lanes, 'lane')}, values ${values === 'binary' ? 'as they are' : 'as text'}\n${lines.join('')}`;
}
