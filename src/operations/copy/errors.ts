import { PgvError } from '../../errors.ts';

/** What a load says of its file and its flags, said of a copy. */
export function inWordsOfCopy(error: unknown): unknown {
  if (!(error instanceof PgvError)) return error;
  switch (error.code) {
    case 'cannot-restart':
      return error.withMessage(
        error.message.replace('--restart cannot', 'a copy was interrupted before, and this one cannot'),
      );
    case 'no-rows':
      return error.withHint('the table is as it was; is it the right one that is copied?');
    default:
      return error;
  }
}
