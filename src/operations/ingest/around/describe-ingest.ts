import type { Database } from '../../../database/database.ts';
import type { OpenedFile } from '../../../formats/read/format.ts';
import type { Reporter } from '../../../progress.ts';
import { createTable } from '../../../sql/create-table.ts';
import { cancellable } from '../../cancellable.ts';
import { defaultLanes } from '../../lanes.ts';
import { hasLedger } from '../../ledger/ledger.ts';
import { inScratch } from '../../scratch.ts';
import { describeTable, type TableDescription } from '../../tables.ts';
import { checkOptions } from '../check-options.ts';
import type { Prepared } from '../fit-table.ts';
import { type IngestOptions, planOptions } from '../ingest-options.ts';
import type { Input } from '../input.ts';
import { decideLoads, describeLoads, type LoadPlan, tellEarlier } from '../plan-loads.ts';
import { prepareTable } from '../prepare.ts';
import { shapedInputs } from '../shaped-inputs.ts';
import { chooseTarget, needsStaging } from '../target.ts';
import { checkTable } from './around-load.ts';
import { layoutDetails } from './layout-details.ts';

/** What a load would do. */
export interface IngestDescription {
  database: string;
  table: string;
  /** The statement that would make the table; null: it is there. */
  createTable: string | null;
  /** Whether rows that are in the table would go: all, or those whose key the files do not have. */
  truncate: boolean;
  deleteMissing: boolean;
  /** Whether rows would come all at once, through a staging table, or a piece a transaction. */
  through: 'staging' | 'pieces';
  lanes: number;
  files: DescribedFile[];
}

export interface DescribedFile {
  path: string;
  /** What the ledger says of it: it would go on with a load, begin it again, or leave it at what is loaded. */
  status: LoadPlan['decision']['kind'];
  format: string;
  /** How the format is written, as far as it was found out, and is not as usual: delimiter, quote, … */
  details: Record<string, unknown>;
  bytes: number | null;
  /** Rows that were looked at. */
  sampledRows: number;
  columns: { column: string; type: string; from: string }[];
}

/**
 * What loading these files would do, found out by doing all that comes before the first row, in a transaction that is
 * undone. A stream's beginning is read for it, and is gone.
 * @throws what the load would throw before its first row
 */
export async function describeIngest(
  database: Database,
  given: readonly Input[],
  options: IngestOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<IngestDescription> {
  // What would be done is said by the description, not as done.
  const quiet: Reporter = { ...reporter, note: () => {} };
  return cancellable(database, signal, () =>
    inScratch(database, async (scratch) => {
      const inputs = shapedInputs(given, options);
      const before = await describeTable(scratch, options.table);
      checkOptions(options, inputs.length);
      const known = options.ledger !== false && (await hasLedger(scratch)) ? before : undefined;
      const planning = planOptions(options);
      const described = await describeLoads(
        inputs,
        needsStaging(options, before) || options.truncate === true,
        planning,
      );
      const plans = await decideLoads(scratch, known, described, planning);
      for (const plan of plans) tellEarlier(plan, inputs, reporter);
      const files: DescribedFile[] = [];
      let first: Prepared | undefined;
      for (const [at, input] of inputs.entries()) {
        const existing = await describeTable(scratch, options.table);
        const madeForIt = before === undefined && existing !== undefined;
        const { file, byteLength, close } = await input.open({ pieceLength: options.pieceLength });
        try {
          const preparation = { existing, madeForIt, onCreate: async () => {} };
          const prepared = await prepareTable(scratch, file, options, quiet, preparation);
          first ??= prepared;
          await checkTable(scratch, { ...prepared, created: before === undefined }, options);
          const { kind } = plans.find((plan) => plan.inputs.includes(at))!.decision;
          files.push({ ...describeFile(file, prepared), status: kind, bytes: byteLength ?? null });
        } finally {
          await close();
        }
      }
      const { table, columns, created } = first!;
      const names = columns.map(({ name }) => name);
      const { immediate } = chooseTarget(scratch, table, names, options, undefined, signal);
      return {
        database: database.target.description,
        table: table.name,
        createTable: created ? statementOf(table) : null,
        truncate: options.truncate === true,
        deleteMissing: options.deleteMissing === true,
        through: immediate ? ('pieces' as const) : ('staging' as const),
        lanes: Math.min(options.jobs ?? defaultLanes(), database.maxLanes),
        files,
      };
    }),
  );
}

function describeFile(
  file: OpenedFile,
  { fields, columns }: Prepared,
): Omit<DescribedFile, 'status' | 'bytes'> {
  const { format, file: path } = file.layout;
  return {
    path,
    format,
    details: layoutDetails(file.layout),
    sampledRows: file.sample.length,
    columns: columns.map(({ name, declared }) => ({
      column: name,
      type: declared,
      from: fields.find(({ column }) => column === name)!.source,
    })),
  };
}

/** As the table lies in the catalogue. */
function statementOf({ schema, name, columns, primaryKey }: TableDescription): string {
  return createTable({
    schema,
    name,
    columns: columns.map((column) => ({
      name: column.name,
      type: column.declared,
      notNull: column.notNull,
      primaryKey: primaryKey.includes(column.name),
      identity: column.identity !== null,
    })),
  }).text;
}
