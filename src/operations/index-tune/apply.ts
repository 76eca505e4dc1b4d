import { connectLane } from '../../database/connect.ts';
import type { Database, Session, Statement } from '../../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { rolesWithOwn, type SettingScope, setForGood, whereAmI } from '../../sql/apply.ts';
import { requireVectorExtension } from '../extension.ts';
import { asRole, namedSettings, settingInForce } from '../index-recall/setting.ts';
import type { TuneResult } from './result.ts';

/** Whose new sessions search so: a role's (its own, where none is named), or all of the database. */
export type ApplyTo = { role: string | undefined } | 'database';

/** A recommendation that was set for good, or would be. */
export interface Applied {
  role: string | null;
  statements: string[];
}

interface PlannedApply {
  scope: SettingScope;
  /** The session's own role. */
  self: string;
  settings: Readonly<Record<string, string>>;
  statements: Statement[];
}

/** Reads `role`, `role:<name>` or `database`; undefined where it is none. */
export function readApplyTo(text: string): ApplyTo | undefined {
  if (text === 'database') return 'database';
  if (text === 'role') return { role: undefined };
  const [, name] = /^role:(.+)$/s.exec(text) ?? [];
  return name === undefined ? undefined : { role: name };
}

/** What is recommended, and for which kind of index. */
type Recommended = Pick<TuneResult, 'type' | 'recommendation'>;

/** Sets it, and sees that a new session has it. */
async function applyPlanned(database: Database, planned: PlannedApply, reporter: Reporter): Promise<void> {
  const { scope, self, settings, statements } = planned;
  const schema = await settingForGood(database, scope, async (session) => {
    for (const statement of statements) await session.query(statement);
  });
  await verify(database, settings, scope.role ?? self, schema, reporter);
}

/**
 * Sets the recommendation for new sessions, in this database alone, and sees that one has it.
 * @param dryRun only tell what would be set, and for whom
 * @returns undefined, with a warning, where nothing is recommended
 * @throws DatabaseError where the role may not
 */
export async function applyRecommendation(
  database: Database,
  { type, recommendation }: Recommended,
  to: ApplyTo,
  reporter: Reporter,
  dryRun = false,
): Promise<Applied | undefined> {
  if (recommendation === null) {
    reporter.warn('nothing is applied: no setting reaches the target');
    return undefined;
  }
  const { scope, self } = await scopeOf(database, to);
  const settings = namedSettings(type, recommendation, 0);
  const statements = Object.entries(settings).map(([name, value]) => setForGood(scope, name, value));
  if (!dryRun) await applyPlanned(database, { scope, self, settings, statements }, reporter);
  return { role: scope.role ?? null, statements: statements.map(({ text }) => text) };
}

/**
 * Sees that the role may set for good whom it is for, before anything is measured: by setting it, and taking it back.
 * @throws UsageError where there is no such role; DatabaseError where the session's may not
 */
export async function requireMayApply(database: Database, to: ApplyTo): Promise<void> {
  const { scope } = await scopeOf(database, to);
  await settingForGood(database, scope, async (session) => {
    await session.query({ text: 'SAVEPOINT pgv_tried' });
    await session.query(setForGood(scope, 'hnsw.ef_search', '40'));
    await session.query({ text: 'ROLLBACK TO SAVEPOINT pgv_tried' });
  });
}

/** Whom it is for by name, and the session's own role. */
async function scopeOf(database: Database, to: ApplyTo): Promise<{ scope: SettingScope; self: string }> {
  const { rows } = await database.query<{ role: string; database: string }>(whereAmI());
  const here = rows[0]!;
  if (to === 'database') return { scope: { database: here.database }, self: here.role };
  return { scope: { role: to.role ?? here.role, database: here.database }, self: here.role };
}

/** @returns where the extension is */
async function settingForGood(
  database: Database,
  scope: SettingScope,
  work: (session: Session) => Promise<void>,
): Promise<string> {
  const { schema } = await requireVectorExtension(database);
  // Its library must be loaded: nobody but a superuser may set what no library knows.
  await settingInForce(database, 'hnsw', schema);
  try {
    await database.transaction(work);
  } catch (error) {
    throw notAllowed(error, scope.role, scope.database);
  }
  return schema;
}

/** Sees what a new session of the role has now, where there can be one; where it is the database's, a role's own goes before it. */
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
  if (differing === undefined || differing.length === 0) return;
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

async function onNewSession<T>(
  database: Database,
  work: (other: Database) => Promise<T>,
): Promise<T | undefined> {
  if (database.target.kind === 'embedded') return work(database);
  const { address } = await database.lane();
  const other = await connectLane(address).catch(() => undefined);
  if (other === undefined) return undefined;
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
