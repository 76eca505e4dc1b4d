import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadConfiguration } from '../../src/database/configuration.ts';
import { UsageError } from '../../src/errors.ts';
import { temporaryDirectory } from '../support/temporary.ts';

async function load(text: string) {
  const directory = await temporaryDirectory();
  await writeFile(path.join(directory, 'pgv.json'), text);
  return () => loadConfiguration(directory);
}

test('is read from the directory', async () => {
  expect((await load('{"url": "postgres://h/d", "table": "docs"}'))()).toEqual({
    url: 'postgres://h/d',
    table: 'docs',
  });
  expect((await load('{}'))()).toEqual({});
});

test('need not be there', async () => {
  expect(loadConfiguration(await temporaryDirectory())).toBeUndefined();
});

test.each([
  ['{"url": "postgres://u:secret@h/d",}', /not valid JSON/],
  ['["a"]', /not a JSON object/],
  ['null', /not a JSON object/],
  ['{"Url": "x"}', /unknown key "Url"/],
  ['{"url": 1}', /"url" is not a string/],
  ['{"table": " "}', /"table" is not a string with something in it/],
])('%s is refused', async (text, message) => {
  const loading = await load(text);
  expect(loading).toThrow(UsageError);
  expect(loading).toThrow(message);
  expect(loading).not.toThrow(/secret/);
});

test('that cannot be read is refused', async () => {
  const directory = await temporaryDirectory();
  await mkdir(path.join(directory, 'pgv.json'));
  expect(() => loadConfiguration(directory)).toThrow(/pgv.json cannot be read/);
});
