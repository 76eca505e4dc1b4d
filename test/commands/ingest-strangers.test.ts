import { execFileSync } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pgv } from '../support/cli.ts';
import { emptyDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvInMemory } from './memory-io.ts';

// What people have lying about, and what they try first.

const { url } = await emptyDatabase('embedded');

async function ingest(name: string, content: string | Uint8Array, ...args: string[]) {
  const cwd = await temporaryDirectory();
  await writeFile(path.join(cwd, name), content);
  return pgvInMemory(['ingest', name, '-d', url, ...args], { cwd });
}

test.each<[what: string, file: string, content: string | Uint8Array, message: RegExp]>([
  [
    'semicolons',
    'semi.csv',
    'id;text;vec\n1;a;[0.5]\n',
    /^pgv: semi\.csv: the first line is one field, "id;text;vec"\nhint: .*--delimiter ';'/m,
  ],
  ['tabs', 'tabs.csv', 'id\ttext\n1\ta, b\n', /hint: .*--delimiter '\\t'/],
  [
    'no header, but a vector in the first line',
    'nohead.csv',
    '1,a,"[1,2,3]"\n2,b,"[1,2,3]"\n',
    /holds values, not column names\nhint: say --no-header/,
  ],
  [
    "Excel's Unicode text",
    'utf16.csv',
    Buffer.from('\ufeffid,text\n1,ä\n', 'utf16le'),
    /^pgv: utf16\.csv: the file is UTF-16.*\nhint: say --encoding utf-16le$/m,
  ],
  ['NUL bytes', 'nul.csv', 'i\0d,text\n1,a\n', /header holds NUL bytes/],
  [
    'a quote that the first row never closes',
    'quote.csv',
    'id,text\n1,"a\n2,b\n',
    /^pgv: quote\.csv, row 1: a quote is opened and never closed/m,
  ],
  [
    "pandas' index",
    'pandas.csv',
    ',text,vec\n0,a,"[1,2]"\n',
    /gives field 1 no name\nhint: .*--columns text,vec/,
  ],
  ['nothing but empty lines', 'lines.csv', '\n\n', /gives field 1 no name\nhint: mend the header/],
])('%s', async (_what, file, content, message) => {
  const { code, stdout, stderr } = await ingest(file, content);
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
});

test.each([
  ['(1,2,3)', /embedding becomes text, for a vector is written \[1,2,3\], and not \(1,2,3\)/],
  ['1 2 3', /embedding becomes text, though 1 2 3 could be a vector; --types embedding='vector\(3\)'/],
  ['[1,2,null]', /and not \[1,2,null\]/],
])('a column of %s is not taken for vectors without a word', async (value, warning) => {
  const { code, stderr } = await ingest(
    'odd.csv',
    `id,embedding\n1,"${value}"\n`,
    '-t',
    `odd_${value.length}`,
  );
  expect(code).toBe(0);
  expect(stderr).toMatch(warning);
});

test('tab-separated files by their name', async () => {
  const { code, stdout } = await ingest('tabs.tsv', 'id\ttext\tvec\n1\ta, b\t[1,2]\n', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ table: 'tabs', rows: 1 });
});

test('the same file twice says how to go on', async () => {
  await ingest('twice.csv', 'id,text\n1,a\n', '--create');
  const same = await ingest('twice.csv', 'id,text\n1,a\n');
  expect(same).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('is in twice already: nothing to do'),
  });
  const { code, stderr } = await ingest('twice.csv', 'id,text\n1,a\n', '--if-loaded', 'again');
  expect(code).toBe(3);
  expect(stderr).toMatch(/duplicate key .*\nhint: --on-conflict skip .*--on-conflict update/);
});

test('a type that there is not, and a key that there is not, before a table is made', async () => {
  const type = await ingest('typed.csv', 'id,text\n1,a\n', '--types', 'id=int4x');
  expect(type.code).toBe(2);
  expect(type.stderr).toMatch(/type "int4x" does not exist.*\nhint: --types takes/);
  const key = await ingest('typed.csv', 'id,text\n1,a\n', '--key', 'nope', '--on-conflict', 'skip');
  expect(key.code).toBe(2);
  expect(key.stderr).toMatch(/--key names nope/);
  expect(key.stderr).not.toMatch(/created table/);
});

test('statements that would write are refused by export, and COPY by sql', async () => {
  await ingest('kept.csv', 'id,text\n1,a\n');
  const exported = await pgvInMemory(['export', '--query', 'DELETE FROM kept RETURNING *', '-d', url]);
  expect(exported).toMatchObject({ code: 2, stdout: '' });
  expect(exported.stderr).toMatch(/syntax error.*\nhint: check --query/);
  const copied = await pgvInMemory(['sql', 'COPY kept TO STDOUT', '-d', url]);
  expect(copied).toMatchObject({ code: 2, stdout: '' });
});

test('a pipe whose writer is silent does not hold the end up', async () => {
  const pipe = path.join(await temporaryDirectory(), 'pipe.csv');
  execFileSync('mkfifo', [pipe]);
  const writer = await open(pipe, 'r+');
  try {
    await writer.write('id,text\n1,a\n');
    const { code, stderr } = await pgv(['ingest', pipe, '-d', url], {
      signalAfter: { milliseconds: 1000, signal: 'SIGTERM' },
    });
    expect({ code, stderr }).toEqual({ code: 143, stderr: 'pgv: terminated\n' });
  } finally {
    await writer.close();
  }
});
