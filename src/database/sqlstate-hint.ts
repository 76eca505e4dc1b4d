import type { ErrorContext, ServerError } from './server-error.ts';

const INSTALL_GUIDE = 'https://github.com/pgvector/pgvector#installation';

/** A stable name for scripts and what to do next, for the SQLSTATEs where we know more than the server says. */
export function hintFor(
  error: ServerError,
  context: ErrorContext,
): { code?: string; hint?: string | undefined } {
  if (isExtensionMissing(error)) return { code: 'no-pgvector', hint: installHint(error, context) };
  switch (error.code) {
    case '28P01': // invalid_password
    case '28000': // invalid_authorization_specification
      return { code: 'authentication', hint: error.hint ?? authenticationHint(error, context) };
    case '22021': // character_not_in_repertoire
      return {
        code: 'bad-encoding',
        hint: 'text must be UTF-8 without NUL bytes: --encoding says what it is, for example windows-1252',
      };
    case '3D000': // invalid_catalog_name
      return {
        code: 'no-such-database',
        hint: 'create it (createdb), or name another with -d or PGDATABASE',
      };
    case '3F000': // invalid_schema_name
      return {
        code: 'no-such-schema',
        hint: "create it (pgv sql 'CREATE SCHEMA …'), or name a table in another",
      };
    case '42704': // undefined_object
      return /\b(?:half|sparse)?vec(?:tor)?\b|hnsw|ivfflat/.test(error.message)
        ? {
            code: 'no-pgvector',
            hint: "pgvector is not created in this database, or not on the search path, or too old for it: run 'pgv init'",
          }
        : {};
    case '42501': // insufficient_privilege
      return { code: 'permission', hint: error.hint ?? permissionHint(error) };
    case '42P10': // invalid_column_reference: as an error, of ON CONFLICT alone
      return {
        code: 'no-unique-key',
        hint: 'the key must be unique: CREATE UNIQUE INDEX on its columns, or name others with --key',
      };
    case '53100': // disk_full
      return { code: 'disk-full', hint: "free space on the server's disk, then run the same command again" };
    case '53300': // too_many_connections
      return { code: 'too-many-connections', hint: 'use fewer lanes (--jobs), or wait for others to finish' };
    case '55P03': // lock_not_available
      return { code: 'in-use', hint: lockHint(context) };
    case '57014': // query_canceled
      return /statement timeout/.test(error.message)
        ? { code: 'statement-timeout', hint: timeoutHint(context) }
        : { code: 'cancelled', hint: 'somebody cancelled it on the server: run the command again' };
    case '57P01': // admin_shutdown
    case '57P02': // crash_shutdown
      return { code: 'connection-lost', hint: 'the server ended the connection: run the same command again' };
    case '57P03': // cannot_connect_now
      return { code: 'not-ready', hint: 'the server is starting or stopping: try again in a moment' };
    default:
      return {};
  }
}

/** The limit is not ours: who sets it says something else. A pooler takes no settings for a session. */
function lockHint({ isPooled = false }: ErrorContext): string {
  const lifting = isPooled ? 'ALTER ROLE … SET lock_timeout = 0' : "PGOPTIONS='-c lock_timeout=0'";
  return `another session has it locked: try again when that is done; where the role or the database limits the wait, ${lifting} lifts that`;
}

/** Ownership is not granted: a role has it, or is of one that has. */
function permissionHint({ message }: ServerError): string {
  return /^must be (?:the )?owner of/.test(message)
    ? 'its owner may, and roles that are members of the owner: connect as one of them'
    : 'have it granted to the role, or connect as another role';
}

/** Behind a pooler, what is no transaction keeps the role's own limit; elsewhere only what runs can set another. */
function timeoutHint({ statementLimit = 0, isPooled = false }: ErrorContext): string {
  const longer = 'give it longer with --statement-timeout; 0 is for as long as it takes';
  const role =
    "behind a pooler the role's or the database's own limit is in force: ALTER ROLE … SET statement_timeout, or connect to the server itself";
  if (statementLimit > 0) return isPooled ? `${longer}; outside a transaction ${role}` : longer;
  return isPooled ? role : 'the statement, or a function that it calls, sets statement_timeout itself';
}

function authenticationHint(error: ServerError, context: ErrorContext): string {
  if (/no pg_hba\.conf entry/.test(error.message)) {
    const insecure = /no encryption|SSL off/.test(error.message) ? ', or encrypt with sslmode=require' : '';
    return `the server's pg_hba.conf must allow this host, role and database${insecure}`;
  }
  if (context.passwordSource === undefined) {
    return 'give a password in PGPASSWORD, ~/.pgpass or PGV_PASSWORD_COMMAND, and check the role';
  }
  return `check the role, and the password taken from ${context.passwordSource}`;
}

/** The server lacks the extension's files: 0A000 since PostgreSQL 16, 58P01 (undefined_file) before. */
function isExtensionMissing(error: ServerError): boolean {
  return (
    (error.code === '0A000' && /extension "vector" is not available/.test(error.message)) ||
    (error.code === '58P01' && /vector\.control/.test(error.message))
  );
}

function installHint(error: ServerError, context: ErrorContext): string {
  const fromPath = /postgresql[/@-]?(\d+)/.exec(`${error.message} ${error.detail ?? ''}`)?.[1];
  const major = context.serverVersion?.match(/^\d+/)?.[0] ?? fromPath ?? '<version>';
  return (
    `install pgvector on the server's machine: 'apt install postgresql-${major}-pgvector' (Debian, Ubuntu), ` +
    `'dnf install pgvector_${major}' (Red Hat), 'brew install pgvector' (macOS), the image pgvector/pgvector:pg${major} (Docker); ` +
    `a managed service has a switch for extensions. ${INSTALL_GUIDE}`
  );
}
