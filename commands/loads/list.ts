import type { Command } from 'commander';
import type { DescribedLoad } from '../../src/operations/ledger/describe-loads.ts';
import { listLoads } from '../../src/operations/ledger/list.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, addExamples, addTableOption } from '../options.ts';
import type { Column } from '../output/table.ts';
import { bytes } from '../output/units.ts';
import { filesOf, shortIds } from './names.ts';

export function configure(command: Command): Command {
  addConnectionOptions(addTableOption(command))
    .argument('[table]', 'loads into it alone (default: into all)')
    .action(action<object, [string | undefined]>({ writes: false }, run));
  return addExamples(command, ['pgv loads list', 'pgv loads list docs --json']);
}

async function run(context: Context<object>, argument: string | undefined): Promise<void> {
  const { output, reporter } = context;
  const database = await context.database();
  const table = context.tableNamed(argument);
  const loads = await listLoads(database, table);
  if (output.json) return output.document({ database: database.target.description, loads });
  if (loads.length === 0) {
    reporter.note(`nothing has been ingested${table === undefined ? '' : ` into ${table}`} yet`);
    return;
  }
  const ids = shortIds(loads);
  await output.table(
    columns,
    loads.map((load, i) => [ids[i], ...cells(load)]),
  );
}

// Names stand left, also those made of digits alone, as one id in fifty is.
const columns: readonly Column[] = [
  { name: 'load', align: 'left', whole: true },
  { name: 'table', align: 'left', spare: 0 },
  { name: 'file', align: 'left' },
  { name: 'status', whole: true },
  { name: 'rows', spare: 1 },
  { name: 'rejected', spare: 4 },
  { name: 'bytes', align: 'right', spare: 6 },
  { name: 'done', align: 'right', spare: 3 },
  { name: 'begun', spare: 2 },
  { name: 'finished', spare: 5 },
  { name: 'role', align: 'left', spare: 7 },
];

function cells(load: DescribedLoad): (string | number)[] {
  const { table, status, rows, rejected, share, startedAt, finishedAt, role } = load;
  return [
    table,
    filesOf(load),
    status,
    rows,
    rejected,
    load.bytes === null ? '' : bytes(load.bytes),
    share === null ? '' : `${Math.floor(share * 100)}%`,
    toSeconds(startedAt),
    finishedAt === null ? '' : toSeconds(finishedAt),
    role,
  ];
}

/** `2026-11-21 12:30:05.123456+00` → `2026-11-21 12:30:05`. */
function toSeconds(time: string): string {
  return time.replace(/(:\d\d)(?:\.\d+)?(?:[+-][\d:]+)?$/, '$1');
}
