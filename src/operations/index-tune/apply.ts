import { connectLane } from '../../database/connect.ts';
import type { Database, Session } from '../../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { rolesWithOwn, type SettingScope, setForGood, whereAmI } from '../../sql/apply.ts';
import { requireVectorExtension } from '../extension.ts';
import { asRole, namedSettings, settingInForce } from '../index-recall/setting.ts';
import type { TuneResult } from './result.ts';

/** Whose new sessions search so: a role's (its own, where none is named), or all of the database. */
export type ApplyTo = { role: string | undefined } | 'database';

/** A recommendation that was set for good. */
export interface Applied {
  role: string | null;
  statements: string[];
}

/** Reads `role`, `role:<name>` or `database`; undefined where it is none. */
export function readApplyTo(text: string): ApplyTo | undefined {
  if (text === 'database') return 'database';
  if (text === 'role') return { role: undefined };
  const [, name] = /^role:(.+)$/s.exec(text) ?? [];
  return name === undefined ? undefined : { role: name };
}

/**
 * Sets the recommendation for new sessions, in this database alone, and sees that one has it.
 * @throws DatabaseError where the role may not
 */
export async function applyRecommendation(
  database: Database,
  { type, recommendation }: Pick<TuneResult, 'type' | 'recommendation'>,
  to: ApplyTo,
  reporter: Reporter,
): Promise<Applied | undefined> {
  if (recommendation === null) {
    reporter.warn('nothing is applied: no setting reaches the target');
    return undefined;
  }
  const { rows } = await database.query<{ role: string; database: string }>(whereAmI());
  const here = rows[0]!;
  const role = to === 'database' ? undefined : (to.role ?? here.role);
  const scope: SettingScope =
    role === undefined ? { database: here.database } : { role, database: here.database };
  const settings = namedSettings(type, recommendation, 0);
  const { schema } = await requireVectorExtension(database);
  // Its library must be loaded: nobody but a superuser may set what no library knows.
  await settingInForce(database, type, schema);
  const statements = Object.entries(settings).map(([name, value]) => setForGood(scope, name, value));
  try {
    await database.transaction(async (session) => {
      for (const statement of statements) await session.query(statement);
    });
  } catch (error) {
    throw notAllowed(error, role, here.database);
  }
  await verify(database, settings, role ?? here.role, schema, reporter);
  return { role: role ?? null, statements: statements.map(({ text }) => text) };
}

/** What a new session of the role has now; where it is the database's, a role's own goes before it. */
async function verify(
  database: Database,
  settings: Readonly<Record<string, string>>,
  role: string,
  schema: string,
  reporter: Reporter,
): Promise<void> {
  const names = Object.keys(settings);
  const differing = await onNewSession(database, (other) =>
    other.transaction(async (session) => {
      await settingInForce(session, 'hnsw', schema);
      await asRole(session, role);
      return differences(session, settings);
    }),
  );
  if (differing.length === 0) return;
  const { rows } = await database.query<{ role: string }>(rolesWithOwn(names));
  const owners = rows.map((row) => row.role).join(', ');
  reporter.warn(
    `new sessions of ${role} do not have ${differing.join(', ')} so: settings of their own have ${owners}`,
  );
}

async function differences(session: Session, settings: Readonly<Record<string, string>>): Promise<string[]> {
  const differing: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const { rows } = await session.query<{ value: string }>({
      text: 'SELECT current_setting($1) AS value',
      values: [name],
    });
    if (rows[0]!.value !== value) differing.push(name);
  }
  return differing;
}

async function onNewSession<T>(database: Database, work: (other: Database) => Promise<T>): Promise<T> {
  if (database.target.kind === 'embedded') return work(database);
  const other = await connectLane((await database.lane()).address);
  try {
    return await work(other);
  } finally {
    await other.close();
  }
}

function notAllowed(error: unknown, role: string | undefined, database: string): unknown {
  if (!(error instanceof PgvError)) return error;
  if (error.sqlstate === '42704')
    return new UsageError(error.message, { sqlstate: error.sqlstate, cause: error });
  if (error.sqlstate !== '42501') return error;
  return new DatabaseError(error.message, {
    code: 'not-allowed',
    sqlstate: error.sqlstate,
    hint:
      role === undefined
        ? `the owner of ${database} may, or --apply role sets it for you alone`
        : 'a role may set its own, and one with CREATEROLE or a superuser that of others',
    cause: error,
  });
}
