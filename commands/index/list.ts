import type { Command } from 'commander';
import { type ListedIndex, listIndexes } from '../../src/operations/index-upkeep/list.ts';
import { shellWord } from '../../src/shell-word.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, addExamples, addTableOption } from '../options.ts';
import type { Output } from '../output/output.ts';
import type { Column } from '../output/table.ts';
import { bytes, count } from '../output/units.ts';

export function configure(command: Command): Command {
  addConnectionOptions(addTableOption(command))
    .argument('[table]', 'its indexes alone (default: those of all tables)')
    .action(action<object, [string | undefined]>({ writes: false }, run));
  command.addHelpText(
    'after',
    '\nRows and scans are as PostgreSQL has counted them; a partitioned index is told with its parts summed.',
  );
  return addExamples(command, ['pgv index list', 'pgv index list docs --json']);
}

async function run(context: Context<object>, argument: string | undefined): Promise<void> {
  const { output, reporter } = context;
  const database = await context.database();
  const table = context.tableNamed(argument);
  const indexes = await listIndexes(database, table, reporter);
  if (output.json) return output.document({ database: database.target.description, indexes });
  if (indexes.length > 0) return showTable(output, indexes);
  const [on, flag] = table === undefined ? ['', ''] : [` on ${table}`, ` -t ${shellWord(table)}`];
  reporter.note(`there is no vector index${on} yet: \`pgv index create${flag}\` makes one`);
}

/** A terminal is narrow: tables and conditions are named where there is something to tell apart. */
function showTable(output: Output, indexes: readonly ListedIndex[]): Promise<void> {
  const several = new Set(indexes.map(({ table }) => table)).size > 1;
  const partial = indexes.some(({ predicate }) => predicate !== null);
  const wanted: Record<string, boolean> = { table: several, where: partial };
  const shown = columns.filter(({ name }) => wanted[name] ?? true);
  return output.table(
    shown,
    indexes.map((index) => shown.map(({ cell }) => cell(index))),
  );
}

/** What heads a column, how it stands, and what stands in it. */
const columns: readonly (Column & { cell: (index: ListedIndex) => string | number })[] = [
  { name: 'index', align: 'left', whole: true, cell: ({ name }) => name },
  { name: 'table', align: 'left', spare: 0, cell: ({ table }) => table },
  { name: 'column', align: 'left', spare: 3, cell: columnOf },
  { name: 'kind', whole: true, cell: kindOf },
  { name: 'where', align: 'left', cell: ({ predicate }) => predicate ?? '' },
  { name: 'rows', align: 'right', spare: 1, cell: rowsOf },
  {
    name: 'size',
    align: 'right',
    spare: 2,
    cell: (index) => (index.bytes === null ? '' : bytes(index.bytes)),
  },
  { name: 'state', whole: true, cell: stateOf },
  { name: 'scans', spare: 4, cell: ({ scans }) => scans },
  { name: 'last used', spare: 5, cell: ({ lastScan }) => lastScan?.slice(0, 10) ?? '' },
];

/** `embedding`, `embedding (half)`. */
function columnOf({ column, quantization }: ListedIndex): string {
  if (column === null) return '';
  return quantization === 'none' ? column : `${column} (${quantization})`;
}

/** `hnsw cosine m=24`. */
function kindOf({ type, metric, options }: ListedIndex): string {
  const given = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  const ordered = metric === null ? [] : [metric];
  return [type, ...ordered, ...given].join(' ');
}

/** `20,000`, and of which share of the table where that is not all of it. */
function rowsOf({ rows, tableRows }: ListedIndex): string {
  if (rows === null) return '';
  const share = tableRows === null || tableRows === 0 ? 1 : rows / tableRows;
  return share > 0.995 ? count(rows) : `${count(rows)} (${Math.floor(share * 100)}%)`;
}

/** `valid`, `building 43%`. */
function stateOf({ state, progress }: ListedIndex): string {
  const share = progress?.total ? ` ${Math.floor((100 * (progress.done ?? 0)) / progress.total)}%` : '';
  return `${state}${share}`;
}
