import { readFile } from 'node:fs/promises';
import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { InternalError, interruption, toPgvError } from '../../commands/errors.ts';
import { exitCodeOf } from '../../commands/exit-codes.ts';
import { errorDocument, renderError } from '../../commands/output/error.ts';
import { DatabaseError, DataError, InterruptedError, UsageError } from '../../src/errors.ts';

const style = new Chalk({ level: 0 });
const running = new AbortController().signal;

test.each([
  [new UsageError('x'), 2],
  [new DataError('x'), 3],
  [new DatabaseError('x'), 4],
  [interruption('SIGINT'), 130],
  [interruption('SIGTERM'), 143],
  [new InternalError(new Error('x')), 70],
])('%s exits with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

test('an error says what, where, and what to do next', () => {
  const error = new DataError('expected 768 dimensions, not 3', {
    file: 'data.csv',
    row: 3,
    column: 'embedding',
    sqlstate: '22000',
    hint: 'make every list as long as the first',
  });
  expect(renderError(error, style, false)).toBe(
    'pgv: data.csv, row 3, column embedding: expected 768 dimensions, not 3 (SQLSTATE 22000)\n' +
      'hint: make every list as long as the first\n',
  );
  expect(errorDocument(error)).toEqual({
    error: {
      code: 'bad-data',
      message: 'expected 768 dimensions, not 3',
      hint: 'make every list as long as the first',
      file: 'data.csv',
      row: 3,
      column: 'embedding',
      sqlstate: '22000',
    },
  });
});

test('the stack, and that of the cause, only for debugging', () => {
  const error = new InternalError(new TypeError('x is not a function'));
  expect(renderError(error, style, false).split('\n')).toEqual([
    'pgv: unexpected error: x is not a function',
    expect.stringMatching(/^hint: .*report.*PGV_DEBUG=1/),
    '',
  ]);
  expect(renderError(error, style, true)).toMatch(
    /\n {4}at [\s\S]*caused by TypeError: x is not[\s\S]*\n {4}at /,
  );
});

test('passwords are struck out of messages and hints', () => {
  const error = new DatabaseError('no way to postgres://me:s3cr3t@h/db', { hint: 'try password=s3cr3t' });
  expect(renderError(error, style, false)).not.toContain('s3cr3t');
  expect(JSON.stringify(errorDocument(error))).not.toContain('s3cr3t');
});

test('an error of the operating system names the file', async () => {
  const missing = await readFile('/no/such/file').catch((error: unknown) => error);
  const error = toPgvError(missing, running);
  expect(error).toBeInstanceOf(UsageError);
  expect(renderError(error, style, false)).toBe('pgv: /no/such/file: no such file or directory\n');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
  expect(toPgvError(full, running)).toMatchObject({
    name: 'DatabaseError',
    message: 'no space left on device',
  });
});

test('after a signal whatever is thrown is its consequence', () => {
  const controller = new AbortController();
  controller.abort(interruption('SIGTERM'));
  const { signal } = controller;
  expect(toPgvError(new DatabaseError('connection lost'), signal)).toBe(signal.reason);
  expect(toPgvError(new InterruptedError(), signal)).toBe(signal.reason);
  const told = toPgvError(new InterruptedError('interrupted: 4,000 rows are stored'), signal);
  expect(told.message).toBe('interrupted: 4,000 rows are stored');
  expect(exitCodeOf(told)).toBe(143);
});
