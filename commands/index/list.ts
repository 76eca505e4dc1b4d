import type { Command } from 'commander';
import { type ListedIndex, listIndexes } from '../../src/operations/index-upkeep/list.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, addExamples, addTableOption } from '../options.ts';
import { bytes, count, counted } from '../output/units.ts';

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
  if (indexes.length > 0) return output.table(columns, indexes.map(cells));
  const [on, flag] = table === undefined ? ['', ''] : [` on ${table}`, ` -t ${table}`];
  reporter.note(`there is no vector index${on} yet: \`pgv index create${flag}\` makes one`);
}

const columns = [
  { name: 'index' },
  { name: 'table' },
  { name: 'column' },
  { name: 'kind' },
  { name: 'metric' },
  { name: 'rows', align: 'right' },
  { name: 'size', align: 'right' },
  { name: 'state' },
  { name: 'scans' },
  { name: 'last used' },
] as const;

function cells(index: ListedIndex): (string | number)[] {
  const { name, table, metric, rows, scans, lastScan } = index;
  return [
    name,
    table,
    columnOf(index),
    kindOf(index),
    metric ?? '',
    rows === null ? '' : rowsOf(rows, index.tableRows),
    index.bytes === null ? '' : bytes(index.bytes),
    stateOf(index),
    scans,
    lastScan === null ? '' : lastScan.slice(0, 16),
  ];
}

/** `embedding`, `embedding (half)`. */
function columnOf({ column, quantization }: ListedIndex): string {
  if (column === null) return '';
  return quantization === 'none' ? column : `${column} (${quantization})`;
}

/** `hnsw m=24 where (lang = 'en')`. */
function kindOf({ type, options, predicate }: ListedIndex): string {
  const given = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return [type, ...given, ...(predicate === null ? [] : [`where ${predicate}`])].join(' ');
}

/** `20,000`, and of which share of the table where that is not all of it. */
function rowsOf(rows: number, tableRows: number | null): string {
  const share = tableRows === null || tableRows === 0 ? 1 : rows / tableRows;
  return share > 0.995 ? count(rows) : `${count(rows)} (${Math.floor(share * 100)}%)`;
}

/** `valid`, `building 43%`, `invalid, 3 partitions`. */
function stateOf({ state, progress, partitions }: ListedIndex): string {
  const share = progress?.total ? ` ${Math.floor((100 * (progress.done ?? 0)) / progress.total)}%` : '';
  return `${state}${share}${partitions === null ? '' : `, ${counted(partitions, 'partition')}`}`;
}
