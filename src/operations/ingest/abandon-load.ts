import { isOfEndpoint } from '../../embed/refusal.ts';
import { DataError, InterruptedError, PgvError } from '../../errors.ts';
import { dropIfEmpty } from '../../sql/create-table.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { deleteLoads, deleteUnstoredLoad } from '../../sql/ledger.ts';
import { queryAnyway } from '../cancellable.ts';
import { mayPass } from '../lasting-connection.ts';
import type { TableDescription } from '../tables.ts';
import type { LoadPlan } from './plan-loads.ts';
import type { Begun, Run } from './run.ts';

/**
 * Puts things in order after a failure: what cannot go on leaves nothing behind but the rows that are stored for
 * good; what can keeps its place.
 * @param before rows that the run had stored when the load began
 * @returns what to throw: the failure, and what is stored
 */
export async function abandonLoad(
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  before: number,
  error: unknown,
): Promise<unknown> {
  await run.stopping();
  const { pool, signal, options } = run;
  const { target, stored, prepared } = begun;
  const reason = signal.aborted ? signal.reason : error;
  const rows = target.immediate ? pool.rows - before + stored.rows : 0;
  const atLeast = target.immediate && pool.uncertain;
  const known = run.ledger && plan.sourceKey !== undefined;
  // What else went wrong would go wrong again: what is staged is of no use then.
  const passing = reason instanceof InterruptedError || mayPass(reason) || isOfEndpoint(reason);
  const { resumes = true, truncate = false, onConflict = 'error', onError } = options;
  const staysStaged = !target.immediate && known && passing && resumes;
  if (!staysStaged && rows === 0 && !atLeast) await undo(run, begun);
  const comesAgain = passing && (staysStaged || (known && (rows > 0 || atLeast)));
  const canRestart = prepared.created || truncate || onConflict !== 'error';
  const again = resumes ? 'goes on from there' : canRestart ? 'begins again' : undefined;
  const maySkip = resumes && onError !== 'skip';
  return explain(reason, begun, { rows, atLeast, again: comesAgain ? again : undefined, maySkip });
}

async function undo({ database, ledger, reporter }: Run, { target, prepared, loadId }: Begun): Promise<void> {
  try {
    await target.cleanUp();
    // A piece whose COMMIT was not answered may be there all the same: then it must be known.
    const forget = target.immediate ? deleteUnstoredLoad(loadId) : deleteLoads([loadId]);
    if (ledger) await queryAnyway(database, forget);
    if (!prepared.created) return;
    const { schema, name } = prepared.table;
    await queryAnyway(database, { text: dropIfEmpty(quoteQualified(schema, name)) });
    reporter.note(`removed table ${name} again`);
  } catch {
    // The error that brought us here matters more than one on the way out.
  }
}

interface Kept {
  rows: number;
  /** The server did not answer for some pieces. */
  atLeast: boolean;
  /** What the same command does; undefined: nothing that would help. */
  again: string | undefined;
  /** Bad rows could be left out; those of another table cannot. */
  maySkip: boolean;
}

/** Adds to an error what only the whole load knows: rows that are stored already, a type that was a guess. */
function explain(
  error: unknown,
  { prepared, target }: Begun,
  { rows, atLeast, again, maySkip }: Kept,
): unknown {
  if (!(error instanceof PgvError)) return error;
  const { table, inferred } = prepared;
  const hints = error.hint === undefined ? [] : [error.hint];
  if (error instanceof DataError && isBadValue(error))
    hints.push(...aboutValue(error, table, inferred, maySkip));
  if (error.hint === undefined && error.sqlstate === '23505') {
    hints.push('--on-conflict skip leaves rows that are there already, --on-conflict update overwrites them');
  }
  const onward = again === undefined ? ' (--atomic loads all or nothing)' : `; the same command ${again}`;
  if (rows > 0 || atLeast) {
    const count = `${atLeast ? 'at least ' : ''}${rows.toLocaleString('en')} row${rows === 1 ? ' is' : 's are'}`;
    hints.push(`${count} stored in ${table.name} already${onward}`);
  } else if (again !== undefined && !target.immediate) {
    hints.push(`what was read is kept beside the ledger: the same command ${again}`);
  }
  return error.withHint(hints.join('; ') || undefined);
}

/** A value of class 22 (but for its encoding). */
function isBadValue({ sqlstate, column }: DataError): boolean {
  if (column === undefined || sqlstate === undefined) return false;
  return sqlstate.startsWith('22') && sqlstate !== '22021' && sqlstate !== '22P04';
}

/** A wrong guess may be to blame, but not of vectors, or the row alone, but for the first. */
function aboutValue(
  { column, row = 0 }: DataError,
  { columns }: TableDescription,
  inferred: ReadonlySet<string>,
  maySkip: boolean,
): string[] {
  const isVector = columns.find(({ name }) => name === column)?.vector !== undefined;
  const guess =
    inferred.has(column!) && !isVector
      ? [`${column} got its type from the first rows: --types ${column}=text gives it another`]
      : [];
  const skip = '--on-error skip --reject-file <file> loads the other rows, and keeps those that are wrong';
  return maySkip && row > 1 ? [...guess, skip] : guess;
}
