/** An error that is not the server's own answer, said for people. */
export interface NetworkProblem {
  message: string;
  /** A stable name for scripts. */
  code: string;
  hint?: string;
}

const NO_SERVER_HINT =
  'check the host and the port, and that the server runs; without a server named, pgv works on an embedded database in ./.pgv';

/** Says what Node, its TLS, or the driver met on the way to the server at `address`. */
export function describeNetworkError(error: unknown, address = 'the server'): NetworkProblem {
  const { code, message } = innermost(error);
  switch (code) {
    case 'ECONNREFUSED':
      return { message: `${address} refuses connections`, code: 'no-server', hint: NO_SERVER_HINT };
    case 'ENOENT':
      return {
        message: `${address} does not exist: no server listens on that socket`,
        code: 'no-server',
        hint: NO_SERVER_HINT,
      };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        message: `${address} cannot be found: no address is known for that host`,
        code: 'no-server',
        hint: NO_SERVER_HINT,
      };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return { message: `${address} cannot be reached`, code: 'no-server', hint: NO_SERVER_HINT };
    case 'EACCES':
    case 'EPERM':
      return { message: `${address} may not be opened: ${message}`, code: 'no-server', hint: NO_SERVER_HINT };
    case 'ECONNRESET':
    case 'EPIPE':
      return connectionLost(address);
    default:
      return describeByMessage(code, message, address);
  }
}

function describeByMessage(code: string, message: string, address: string): NetworkProblem {
  if (message === 'timeout expired') {
    return {
      message: `${address} did not answer in time`,
      code: 'no-server',
      hint: 'check the host and the port, or raise connect_timeout',
    };
  }
  if (/^Connection terminated|^Client (?:has encountered|was closed)/.test(message))
    return connectionLost(address);
  if (/does not support SSL/.test(message)) {
    return {
      message: `${address} does not offer TLS`,
      code: 'tls',
      hint: 'switch ssl on there, or connect in the clear with sslmode=disable',
    };
  }
  if (/certificate|^ERR_TLS|^CERT_|SSL routines/i.test(`${message} ${code}`)) {
    return {
      message: `the certificate of ${address} is not accepted: ${message}`,
      code: 'tls',
      hint: 'name the authority that signed it with sslrootcert=<file>, or sslrootcert=system; sslmode=require encrypts without verifying',
    };
  }
  return { message: `${address}: ${message}`, code: 'database' };
}

function connectionLost(address: string): NetworkProblem {
  return {
    message: `the connection to ${address} was lost`,
    code: 'connection-lost',
    hint: 'the server may have restarted; its log says why. Run the same command again',
  };
}

/** Node tries every address of a host and wraps the failures, with an empty message: the first says enough. */
function innermost(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, message: error.message };
}
