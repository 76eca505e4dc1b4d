import type { Session, Statement } from '../../database/database.ts';
import { DatabaseError, UsageError } from '../../errors.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { ledgerTables } from '../../sql/ledger.ts';
import { grant, missingRights, type Right, roleNamed, serialSequences } from '../../sql/rights.ts';
import type { Extension } from '../extension.ts';
import type { TableDescription } from '../tables.ts';

/** Rights on something that people have a word for. */
interface Need {
  /** `the ledger`, `table docs`. */
  on: string;
  rights: readonly Right[];
}

/** To keep the ledger, and to make staging tables beside it. */
const ledgerNeed: Need = {
  on: 'the ledger',
  rights: [
    { kind: 'schema', name: 'pgv', privileges: ['USAGE', 'CREATE'] },
    ...ledgerTables.map((table): Right => {
      return {
        kind: 'table',
        name: quoteQualified('pgv', table),
        privileges: ['SELECT', 'INSERT', 'DELETE'],
      };
    }),
  ],
};

/** INSERT for rows; SELECT and UPDATE for --on-conflict, and to see whether what was loaded is there. */
const tablePrivileges = ['SELECT', 'INSERT', 'UPDATE'];

/** What a role needs in order to ingest: into a table of its own making, or into this one. */
async function needs(
  session: Session,
  table: TableDescription | undefined,
  extension: Extension,
): Promise<Need[]> {
  const types: Need = usageOf(extension.schema);
  if (table === undefined) return [ledgerNeed, types];
  const rights: Right[] = [
    { kind: 'table', name: quoteQualified(table.schema, table.name), privileges: tablePrivileges },
  ];
  const { rows } = await session.query<{ schema: string; name: string }>(serialSequences(table.oid));
  for (const { schema, name } of rows) {
    rights.push({ kind: 'sequence', name: quoteQualified(schema, name), privileges: ['USAGE'] });
  }
  const schema = table.schema === extension.schema ? [] : [usageOf(table.schema)];
  return [ledgerNeed, types, ...schema, { on: `table ${table.shown}`, rights }];
}

function usageOf(schema: string): Need {
  return { on: `schema ${schema}`, rights: [{ kind: 'schema', name: schema, privileges: ['USAGE'] }] };
}

/** The same as statements, for a table that is to be made. */
export function grantStatements(
  role: string,
  table: { schema: string | undefined; name: string } | undefined,
): Statement[] {
  const rights = [...ledgerNeed.rights];
  if (table?.schema !== undefined) rights.push(...usageOf(table.schema).rights);
  if (table !== undefined) {
    const name = quoteQualified(table.schema, table.name);
    rights.push({ kind: 'table', name, privileges: tablePrivileges });
  }
  return rights.map((right) => grant(right, role));
}

/**
 * What a role lacks in order to ingest: `SELECT, INSERT on table docs`, a line each.
 * @param table undefined: beside a table
 */
export async function missingGrants(
  session: Session,
  role: string,
  table: TableDescription | undefined,
  extension: Extension,
): Promise<string[]> {
  return (await lacking(session, role, await needs(session, table, extension))).map(describe);
}

/**
 * Gives a role what it lacks in order to ingest. Call it in a transaction: all of it or nothing.
 * @returns what was given, as missingGrants tells it
 * @throws DatabaseError where the current role may not give it
 */
export async function grantIngest(
  session: Session,
  role: string,
  table: TableDescription | undefined,
  extension: Extension,
): Promise<string[]> {
  const needed = await needs(session, table, extension);
  const missing = await lacking(session, role, needed);
  for (const { rights } of missing) for (const right of rights) await session.query(grant(right, role));
  // Of rights that the current role may not pass on, PostgreSQL only warns.
  const [still] = await lacking(session, role, needed);
  if (still === undefined) return missing.map(describe);
  throw new DatabaseError(`the current role may not grant ${describe(still)} to ${role}`, {
    code: 'permission',
    sqlstate: '42501',
    hint: `have the owner of ${still.on} run the same command`,
  });
}

/** @throws UsageError where there is no such role */
export async function requireRole(session: Session, role: string): Promise<void> {
  const { rows } = await session.query(roleNamed(role));
  if (rows.length > 0) return;
  throw new UsageError(`role ${role} does not exist`, {
    code: 'no-role',
    hint: 'create it first: CREATE ROLE … LOGIN; a name with capitals stands as it is, without quotes',
  });
}

async function lacking(session: Session, role: string, needed: readonly Need[]): Promise<Need[]> {
  const found: Need[] = [];
  for (const { on, rights } of needed) {
    const { rows } = await session.query<{ kind: Right['kind']; name: string; privilege: string }>(
      missingRights(role, rights),
    );
    const missing = rows.map(({ privilege, ...thing }) => ({ ...thing, privileges: [privilege] }));
    if (missing.length > 0) found.push({ on, rights: missing });
  }
  return found;
}

function describe({ on, rights }: Need): string {
  const privileges = new Set(rights.flatMap((right) => right.privileges));
  return `${[...privileges].join(', ')} on ${on}`;
}
