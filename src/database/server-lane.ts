import type { ServerSettings } from './libpq/settings.ts';
import type { OpenServer } from './server-search.ts';

/**
 * Settings that lead straight to where this session is: the same host, address and encryption. So that all lanes
 * of a load write to one server, and none searches again.
 */
export function pinned<Settings extends ServerSettings>(settings: Settings, { route }: OpenServer): Settings {
  const { password, tls } = settings;
  return {
    ...settings,
    hosts: [{ ...route.host, address: route.address }],
    targetSessionAttributes: 'any',
    password:
      password.kind === 'by-host' ? { ...password, values: [password.values[route.hostIndex]] } : password,
    tls: { ...tls, mode: pinnedMode(tls.mode, route.encryption) },
  };
}

function pinnedMode(
  mode: ServerSettings['tls']['mode'],
  encryption: OpenServer['route']['encryption'],
): ServerSettings['tls']['mode'] {
  if (encryption === 'plain') return 'disable';
  return mode === 'allow' || mode === 'prefer' ? 'require' : mode;
}
