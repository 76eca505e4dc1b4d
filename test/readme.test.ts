import { readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pgv } from './support/cli.ts';
import { temporaryDirectory } from './support/temporary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The words of a line as a shell would cut it, for the quotes that README uses. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
}

test('every command line of README runs, one after another, on the embedded database', async () => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const cwd = await temporaryDirectory();
  await symlink(path.join(root, 'fixtures'), path.join(cwd, 'fixtures'));
  const first = await pgv(['ingest', 'fixtures/packages.csv'], { cwd });
  expect(first.code).toBe(0);

  const lines = [...readme.matchAll(/^ {4}\$ pgv (.+)$/gm)].map((match) => match[1]!);
  // The one that shows how a server is named.
  const local = lines.filter((line) => !line.includes('postgres://'));
  expect(local.length).toBeGreaterThan(8);
  for (const line of local) {
    const { code, stderr } = await pgv(words(line), { cwd });
    expect({ line, code, stderr }).toMatchObject({ code: 0 });
  }
}, 240_000);

test('README shows exactly two commands for a fresh machine', async () => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const commands = [...readme.matchAll(/^ {4}(npm ci .+)$/gm)].map((match) => match[1]);
  expect(commands).toEqual([
    expect.stringMatching(/^npm ci && npx pgv ingest .* && npx pgv search /),
    'npm ci && npm test',
  ]);
});
