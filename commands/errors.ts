import { CommanderError } from 'commander';
import { DatabaseError, InterruptedError, PgvError, UsageError } from '../src/errors.ts';

/** stdout was closed by its reader, as `| head` does: the end of the work, and no failure. */
export class ClosedPipeError extends Error {}

/** Whether an error of a stream only says that its reader has gone. */
export function isClosedPipe(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
}

/** Whether what was thrown only says that the reader of stdout, or of the pipe that -o names, has gone. */
export function isReaderGone(thrown: unknown): boolean {
  return (
    thrown instanceof ClosedPipeError ||
    (thrown instanceof Error && 'code' in thrown && thrown.code === 'EPIPE')
  );
}

/** What nobody foresaw: exit 70, with a request to report it. */
export class InternalError extends PgvError {
  constructor(cause: unknown) {
    super('internal', `unexpected error: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'this is a fault of pgv: please report it, with what the same command prints under PGV_DEBUG=1',
      cause,
    });
  }
}

/** The reason that an Io's signal is aborted with; decides between the exit codes 130 and 143. */
export function interruption(signal: 'SIGINT' | 'SIGTERM'): InterruptedError {
  return signal === 'SIGINT'
    ? new InterruptedError('interrupted')
    : new InterruptedError('terminated', { code: 'terminated' });
}

/**
 * The one seam where whatever was thrown becomes an error that can be shown.
 * @param signal the run's signal: once it has fired, what is thrown is its consequence, and told as such
 */
export function toPgvError(thrown: unknown, signal: AbortSignal): PgvError {
  if (signal.aborted) return interrupted(thrown, signal);
  if (thrown instanceof PgvError) return thrown;
  if (thrown instanceof CommanderError) return fromCommander(thrown);
  return fromSystem(thrown) ?? new InternalError(thrown);
}

/** An operation's own InterruptedError says what is already done; which signal it was, only the run knows. */
function interrupted(thrown: unknown, signal: AbortSignal): PgvError {
  const reason = signal.reason instanceof PgvError ? signal.reason : interruption('SIGINT');
  if (!(thrown instanceof InterruptedError)) return reason;
  if (thrown.message === plain && thrown.hint === undefined) return reason;
  const message = thrown.message === plain ? reason.message : thrown.message;
  return new InterruptedError(message, { code: reason.code, hint: thrown.hint, cause: thrown });
}

/** What an InterruptedError says that knows no more. */
const plain = new InterruptedError().message;

/** `error: unknown option '--fo'\n(Did you mean --format?)` in our own form. */
function fromCommander(error: CommanderError): UsageError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest.join(' ').replace(/^\(|\)$/g, '');
  return new UsageError(first.replace(/\.$/, ''), {
    hint: suggestion || '`pgv help <command>` lists arguments, flags and examples',
  });
}

const usageCodes = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/** An error of the operating system about a file that nobody translated nearer its cause. */
function fromSystem(thrown: unknown): PgvError | undefined {
  if (!(thrown instanceof Error) || !('syscall' in thrown)) return undefined;
  const { code, path } = thrown as NodeJS.ErrnoException;
  // `ENOENT: no such file or directory, open '/x'` without what we say ourselves.
  const message = thrown.message.replace(/^[A-Z0-9]+: /, '').replace(/, \w+( '.*')?$/, '');
  const details = { file: path, cause: thrown };
  return usageCodes.has(code ?? '') ? new UsageError(message, details) : new DatabaseError(message, details);
}
