const networkHint =
  'check the host, the port and the network (for a proxy, set NODE_USE_ENV_PROXY=1: Node 22.21, 24.5 and later)';
const certificateHint = 'NODE_EXTRA_CA_CERTS names a file with the certificate of an authority of your own';

/** What no second try changes, when it is the first thing that is heard of a server: Node's code, and what to do. */
export const lastingHints: ReadonlyMap<string, string> = new Map([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EPROTO'].map(
    (code) => [code, networkHint] as const,
  ),
  ...[
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ].map((code) => [code, certificateHint] as const),
]);

/** Node tries every address of a host and wraps the failures, with an empty message: the first says enough. */
export function innermost(error: unknown): { message: string; code: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  const { message, code = '' } = error as NodeJS.ErrnoException;
  const isCut = code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
  return { message: isCut ? 'the connection was cut' : message, code };
}
