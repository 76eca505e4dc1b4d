import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const cwd = await temporaryDirectory();
await mkdir(path.join(cwd, 'data/deep'), { recursive: true });
for (const name of [
  'a.csv',
  'data/part-10.csv',
  'data/part-2.csv',
  'data/Part-3.csv',
  'data/deep/x.csv',
  'data/[1].csv',
  'data/.hidden.csv',
]) {
  await writeFile(path.join(cwd, name), 'id\n1\n');
}
await symlink('a.csv', path.join(cwd, 'link.csv'));

async function resolve(...args: string[]) {
  const warnings: string[] = [];
  const inputs = await resolveInputs(args, { cwd, stdin: Readable.from([]) }, (line) => warnings.push(line));
  return { inputs, warnings, names: inputs.map(({ name }) => name) };
}

test('files, patterns and stdin, in the order they are named', async () => {
  expect((await resolve('data/part-*.csv', 'a.csv', '-')).names).toEqual([
    'data/part-2.csv',
    'data/part-10.csv',
    'a.csv',
    'stdin',
  ]);
  expect((await resolve('data/**/*.csv')).names).toEqual([
    'data/[1].csv',
    'data/deep/x.csv',
    'data/part-2.csv',
    'data/Part-3.csv',
    'data/part-10.csv',
  ]);
  expect((await resolve(`${cwd}/data/{deep/x,part-2}.csv`)).names).toEqual([
    `${cwd}/data/deep/x.csv`,
    `${cwd}/data/part-2.csv`,
  ]);
});

test('a file that is there wins over the pattern its name could be', async () => {
  expect((await resolve('data/[1].csv')).names).toEqual(['data/[1].csv']);
});

test('what is named twice is taken once, whatever it is called', async () => {
  const { names, warnings } = await resolve('a.csv', './a.csv', 'link.csv', '-', '-', '*.csv');
  expect(names).toEqual(['a.csv', 'stdin']);
  expect(warnings[0]).toBe('./a.csv is named twice, and taken once');
  expect(warnings.length).toBe(5);
});

test('a pattern that matches nothing, a file that is not there, a directory', async () => {
  await expect(resolve('a.csv', 'data/*.npy')).rejects.toMatchObject({
    name: 'UsageError',
    message: 'data/*.npy matches no file',
  });
  await expect(resolve('a.csv', 'b.csv')).rejects.toMatchObject({
    name: 'UsageError',
    message: 'b.csv: no such file',
  });
  const { inputs } = await resolve('data');
  const opening = inputs[0]!.open({ note: () => {}, signal: new AbortController().signal });
  await expect(opening).rejects.toMatchObject({ name: 'UsageError', code: 'is-directory' });
});

test('a URL shows neither a signature nor a password', async () => {
  const { inputs } = await resolve('https://me:secret@host/a%20b/part.csv.gz?X-Amz-Signature=secret#secret');
  expect(inputs[0]).toMatchObject({
    name: 'https://host/a%20b/part.csv.gz',
    location: 'https://host/a%20b/part.csv.gz',
    fileName: 'part.csv.gz',
    once: false,
  });
  for (const bad of ['s3://me:secret@bucket/key?secret', 'https://me:secret@[/x?secret']) {
    const error = await resolve(bad).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'UsageError', code: 'bad-url' });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  }
});

test('what can be read once says so', async () => {
  const pipe = path.join(cwd, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect((await resolve('a.csv', 'pipe', '-')).inputs.map(({ once }) => once)).toEqual([false, true, true]);
});

test('an empty name is told as one', async () => {
  await expect(resolve('')).rejects.toMatchObject({ message: 'a file is named by an empty text' });
});
