import { describe, expect, test } from 'vitest';
import { confirm } from '../../commands/confirm.ts';
import type { Context } from '../../commands/context.ts';
import { memoryIo } from './memory-io.ts';

/** A context with a terminal, on which `input` is typed. */
function onTerminal(input: string | undefined, options = {}) {
  const io = memoryIo({ terminal: 80, ...(input !== undefined && { input }) });
  Object.assign(io.stdin, { isTTY: true });
  return { io, context: { io, options } as unknown as Context<{ yes?: true }> };
}

describe('on a terminal', () => {
  test.each([
    ['y\n', true],
    [' YES \n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
  ])('%j is %j', async (input, expected) => {
    const { io, context } = onTerminal(input);
    expect(await confirm(context, 'drop it')).toBe(expected);
    expect(io.err()).toBe('drop it? [y/N] ');
  });

  test('the end of input is no', async () => {
    expect(await confirm(onTerminal('').context, 'drop it')).toBe(false);
  });

  test('Ctrl-C ends the question', async () => {
    const { io, context } = onTerminal(undefined);
    const asked = confirm(context, 'drop it');
    io.interrupt();
    await expect(asked).rejects.toThrow(/abort/);
  });
});

test('--yes asks nobody', async () => {
  const { io, context } = onTerminal(undefined, { yes: true });
  expect(await confirm(context, 'drop it')).toBe(true);
  expect(io.err()).toBe('');
});

test('where nobody can be asked, --yes is needed', async () => {
  const context = { io: memoryIo({ input: 'y\n' }), options: {} } as unknown as Context<{ yes?: true }>;
  await expect(confirm(context, 'drop it')).rejects.toMatchObject({
    message: 'to drop it, add --yes: there is no terminal to ask on',
    code: 'needs-yes',
  });
});
