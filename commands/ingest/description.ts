import type { DescribedFile, IngestDescription } from '../../src/operations/ingest/around/describe-ingest.ts';
import { bytes, counted } from '../output/units.ts';

/** What --dry-run shows to people. */
export function renderDescription(description: IngestDescription): string {
  const { table, createTable, truncate, deleteMissing, through, lanes, files } = description;
  const target =
    createTable === null
      ? `into ${table}, which is there${truncate ? ' and is emptied' : ''}`
      : `into ${table}, made by\n${createTable};`;
  const how = through === 'staging' ? 'all at once, through a staging table' : 'piece by piece';
  const missing = deleteMissing ? 'rows whose key the files do not have are deleted\n' : '';
  return `${target}\n${missing}${how}, ${counted(lanes, 'lane')}\n${files.map(renderFile).join('')}`;
}

const statuses: Record<DescribedFile['status'], string> = {
  new: '',
  resume: ', goes on where its load stopped',
  restart: ', begins again',
  loaded: ', is loaded already: nothing is done',
};

function renderFile({
  path,
  status,
  format,
  details,
  bytes: size,
  sampledRows,
  columns,
}: DescribedFile): string {
  const written = Object.entries(details).map(([name, value]) => inWords(name, value));
  const facts = [format, ...(size === null ? [] : [bytes(size)]), ...written].join(', ');
  const width = Math.max(...columns.map(({ from }) => from.length));
  const lines = columns.map(({ column, type, from }) => `  ${from.padEnd(width)} → ${column} ${type}\n`);
  return `\n${path} (${facts}${statuses[status]}), ${counted(sampledRows, 'row')} looked at\n${lines.join('')}`;
}

/** `float64`, `6 dimensions`, `Fortran order`; what else there is, by its name: `fieldCount` is "field count". */
function inWords(name: string, value: unknown): string {
  if (name === 'elements' || name === 'byteOrder') return String(value);
  if (name === 'dimensions') return `${value} dimensions`;
  if (name === 'order') return `${value} order`;
  return `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${JSON.stringify(value)}`;
}
