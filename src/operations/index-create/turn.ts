import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/database.ts';
import { requireSession } from '../../database/past-pooler.ts';
import type { Reporter } from '../../progress.ts';
import { takeBuildTurn } from '../../sql/index-build.ts';
import { openHolding } from '../holding.ts';
import { type Beside, openBeside } from '../watch.ts';

/** Milliseconds between two questions whether it is our turn. */
const interval = 300;

/**
 * Does some work on a table's indexes while no other pgv does. The turn is held by a connection of its own; another is
 * for the work to watch from. On the embedded database there is neither, and nobody to keep out.
 * @param meanwhile asked, while another has the turn, whether there is anything left to do; what it gives ends the wait
 * @throws UsageError behind a pooler
 */
export async function withTurn<T>(
  database: Database,
  table: { oid: number; shown: string },
  reporter: Reporter,
  meanwhile: () => Promise<T | undefined>,
  work: (beside: Beside | undefined) => Promise<T>,
): Promise<T> {
  requireSession(database);
  if (database.target.kind === 'embedded') return work(undefined);
  const holder = await openHolding(database).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    reporter.warn(`other pgv are not kept from the indexes of ${table.shown}: no second connection (${why})`);
    return undefined;
  });
  let beside: Beside | undefined;
  try {
    let waits = false;
    while (holder !== undefined && !(await taken(holder, table.oid))) {
      if (!waits) reporter.note(`another pgv is at the indexes of ${table.shown}: waiting for it`);
      waits = true;
      reporter.progress({ phase: `waiting for another pgv, which is at the indexes of ${table.shown}` });
      // It asks over the first connection, which a cancellation ends, and this wait with it.
      const done = await meanwhile();
      if (done !== undefined) return done;
      await sleep(interval);
    }
    beside = await openBeside(database);
    return await work(beside);
  } finally {
    await beside?.connection.close();
    await holder?.close();
  }
}

async function taken(connection: Database, tableOid: number): Promise<boolean> {
  const { rows } = await connection.query<{ taken: boolean }>(takeBuildTurn(tableOid));
  return rows[0]!.taken;
}
