import type { ServerSettings } from './libpq/settings.ts';
import type { OpenServer } from './server-search.ts';
import type { SessionSettings } from './server-session.ts';

/** Seconds that a server, which has answered before, has to do so again, where connect_timeout sets no other limit. */
const usualPatience = 30;

/**
 * Settings that lead straight to where this session is: the same host, address and encryption. So that all lanes
 * of a load write to one server, and none searches again, nor whether a session there is ours alone.
 */
export function pinned(settings: SessionSettings, { route }: OpenServer): SessionSettings {
  const { password, tls, isOurs } = settings;
  return {
    ...settings,
    hosts: [{ ...route.host, address: route.address }],
    targetSessionAttributes: 'any',
    connectTimeout: settings.connectTimeout || usualPatience,
    password:
      password.kind === 'by-host' ? { ...password, values: [password.values[route.hostIndex]] } : password,
    tls: { ...tls, mode: pinnedMode(tls.mode, route.encryption) },
    isOurs: isOurs === 'said' ? 'seen' : isOurs,
  };
}

function pinnedMode(
  mode: ServerSettings['tls']['mode'],
  encryption: OpenServer['route']['encryption'],
): ServerSettings['tls']['mode'] {
  if (encryption === 'plain') return 'disable';
  return mode === 'allow' || mode === 'prefer' ? 'require' : mode;
}
