import type { ServerSettings } from './libpq/settings.ts';
import type { WireClient } from './server-connection.ts';

/**
 * Whether the session is what target_session_attrs asks for.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-TARGET-SESSION-ATTRS
 */
export async function hasWantedRole(
  client: WireClient,
  wish: ServerSettings['targetSessionAttributes'],
): Promise<boolean> {
  if (wish === 'any') return true;
  const { rows } = await client.query<{ standby: boolean; readonly: string }>(
    `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS readonly`,
  );
  const isStandby = rows[0]!.standby;
  const isReadOnly = isStandby || rows[0]!.readonly === 'on';
  switch (wish) {
    case 'read-write':
      return !isReadOnly;
    case 'read-only':
      return isReadOnly;
    case 'primary':
      return !isStandby;
    case 'standby':
    case 'prefer-standby':
      return isStandby;
  }
}
