import { UsageError } from '../../errors.ts';
import { quoteName } from '../../sql/identifiers.ts';
import type { Parameters } from './keywords.ts';
import { appendOption } from './options.ts';

/**
 * Parameters that other tools put into the same URL and that concern only them: Prisma's and JDBC's pools and
 * caches, asyncpg's and pgx's, Supabase's, node-postgres's.
 */
const ignored = new Set([
  'pgbouncer',
  'connection_limit',
  'pool_timeout',
  'socket_timeout',
  'statement_cache_size',
  'prepared_statement_cache_size',
  'async_fallback',
  'prepareThreshold',
  'preparedStatementCacheQueries',
  'reWriteBatchedInserts',
  'pool_max_conns',
  'pool_min_conns',
  'pool_max_conn_lifetime',
  'pool_max_conn_idle_time',
  'default_query_exec_mode',
  'supa',
  'uselibpqcompat',
  'sslaccept',
]);

/** Takes a URL parameter that libpq does not know but others write. @returns false where nobody known does */
export function applyForeignParameter(parameters: Parameters, name: string, value: string): boolean {
  if (ignored.has(name)) return true;
  switch (name) {
    case 'schema': // Prisma: one schema, its name as it stands
      appendOption(parameters, 'search_path', quoteName(value));
      return true;
    case 'currentSchema': // JDBC
    case 'search_path': // pgx, lib/pq
      appendOption(parameters, 'search_path', value);
      return true;
    case 'ssl': // libpq itself understands true, for JDBC's sake; asyncpg writes a mode
      parameters.set('sslmode', sslmodeOf(value));
      return true;
    case 'sslmode': // node-postgres has a word of its own
      parameters.set('sslmode', sslmodeOf(value));
      return true;
    default:
      return false;
  }
}

function sslmodeOf(value: string): string {
  if (value === '')
    throw new UsageError('the database URL has an empty sslmode', { hint: 'write sslmode=require' });
  const modes: Record<string, string> = {
    true: 'require',
    '1': 'require',
    false: 'disable',
    '0': 'disable',
    'no-verify': 'require',
  };
  return modes[value] ?? value;
}
