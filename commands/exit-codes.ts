import { DatabaseError, DataError, InterruptedError, type PgvError, UsageError } from '../src/errors.ts';

/** The exit codes that scripts rely on. */
export const exitCodes = {
  done: 0,
  /** The answer is no: a check failed, nothing is broken. */
  no: 1,
  usage: 2,
  data: 3,
  database: 4,
  /** Done but for rejected rows. */
  rejects: 5,
  /** A fault of ours. */
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const byClass = [
  [UsageError, exitCodes.usage],
  [DataError, exitCodes.data],
  [DatabaseError, exitCodes.database],
] as const;

/** The exit code of a failure; what is in no class that people can do something about is a fault of ours. */
export function exitCodeOf(error: PgvError): ExitCode {
  if (error instanceof InterruptedError) {
    return error.code === 'terminated' ? exitCodes.terminated : exitCodes.interrupted;
  }
  return byClass.find(([errorClass]) => error instanceof errorClass)?.[1] ?? exitCodes.internal;
}
