import { DataError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { silentReporter } from '../../progress.ts';
import { cancellable } from '../cancellable.ts';
import { copyPieces, type FileRead } from './copy-pieces.ts';
import { checkWhole } from './expectations.ts';
import { hasRowNumberAsId, type Prepared } from './fit-table.ts';
import type { OpenInput } from './input.ts';
import { makeRecipe } from './make-recipe.ts';
import type { LoadPlan } from './plan-loads.ts';
import { prepareTable } from './prepare.ts';
import { changedFile } from './refusals.ts';
import type { Begun, Run } from './run.ts';
import type { Stored } from './stored-pieces.ts';

/** What was read of a file of the load. */
export type ReadFile = FileRead & { path: string };

/**
 * Has the files' pieces stored, but for those that are.
 * @param first the first file, where it is open
 */
export async function copyFiles(
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  stored: Stored,
  first?: OpenInput,
): Promise<ReadFile[]> {
  // What was read before a file turned out to be broken is stored, or tells what is wrong further ahead.
  return readFiles(run, plan, begun, stored, first).finally(() => run.pool.finish());
}

async function readFiles(
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  stored: Stored,
  first: OpenInput | undefined,
): Promise<ReadFile[]> {
  const { pool, options, signal, ledger, inputs } = run;
  const { target, prepared, loadId } = begun;
  const { onError = 'stop', patience, stallAfter, embed } = options;
  const embedding = embed && { endpoint: embed.endpoint, dimensions: await embed.dimensions() };
  const files: ReadFile[] = [];
  let rowBase = 0;
  for (const [index, at] of plan.inputs.entries()) {
    const pieceLength = begun.resumed?.pieceLength ?? options.pieceLength;
    const sum = options.expectSha256 !== undefined;
    const opened = index === 0 && first !== undefined ? first : await inputs[at]!.open({ pieceLength, sum });
    try {
      await run.onFile(opened);
      const { file } = opened;
      const columns = index === 0 ? prepared : await sameColumns(run, file, prepared);
      const database = await run.connection.get();
      // With the first piece there is: a file before may have none.
      const beforeFirst = files.some(({ pieces }) => pieces > 0) ? undefined : target.beforeFirst;
      const recipe = await cancellable(database, signal, () =>
        makeRecipe(database, file, columns, {
          input: at,
          embedding,
          copyInto: target.copyInto,
          numbered: target.numbered,
          ledger: ledger ? { loadId, table: target.pieces, tableOid: prepared.table.oid } : undefined,
          beforeFirst,
          onError,
          patience,
          stallAfter,
        }),
      );
      pool.use(recipe);
      const source = plan.sources[index]!;
      const reread = stored.all.length > 0 && source.fingerprint === undefined;
      const expects = options.expectRows !== undefined || options.expectSha256 !== undefined;
      const beforeLast = expects ? (records: number) => checkWhole(options, opened, records) : undefined;
      const toCopy = {
        file,
        index,
        rowBase,
        stored,
        told: ledger,
        reread,
        firstAlone: beforeFirst !== undefined,
        beforeLast,
      };
      const read = await copyPieces(pool, toCopy, signal, () => changedFile(plan, begun.resumed!));
      rowBase += read.records;
      files.push({ ...read, path: file.layout.file });
    } finally {
      // Pieces at work need nothing of the file any more.
      if (opened !== first) await opened.close();
    }
    if (signal.aborted || pool.failed) break;
  }
  signal.throwIfAborted();
  return files;
}

/**
 * The fields of another file of the load.
 * @throws DataError where they do not fill the columns that the first one's fill
 */
export async function sameColumns(
  { database, options }: Run,
  file: OpenedFile,
  first: Prepared,
): Promise<Prepared> {
  const types = first.created ? options.types : undefined;
  const prepared = await prepareTable(database, file, { ...options, types }, silentReporter, {
    existing: first.table,
    madeForIt: first.created,
    onCreate: async () => {},
  });
  if (first.created && hasRowNumberAsId(file, prepared.fields)) throw numberedAgain(file);
  const names = (of: Prepared) =>
    of.columns
      .map(({ name }) => name)
      .sort()
      .join(', ');
  if (names(prepared) === names(first)) return { ...prepared, inferred: first.inferred };
  throw new DataError(
    `the fields of ${file.layout.file} fill ${names(prepared)}, those of the files before ${names(first)}`,
    {
      code: 'other-fields',
      file: file.layout.file,
      hint: 'files that are merged together must have the same fields: name those to take with --columns',
    },
  );
}

function numberedAgain({ layout }: OpenedFile): DataError {
  return new DataError(
    `${layout.file} has no ids, and its rows' numbers, which would be it, are those of the files before`,
    {
      code: 'no-ids',
      file: layout.file,
      hint: 'make the table first, with ids of its own: `pgv init <table> --dimensions <n>`; or load the files without --atomic, --truncate and --on-conflict',
    },
  );
}
