import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { pgv } from '../support/cli.ts';
import { emptyDatabase } from '../support/databases.ts';
import { fileServer } from '../support/file-server.ts';
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts';
import { pgvInMemory } from './memory-io.ts';

// One database: what differs comes before it.
const { url } = await emptyDatabase('embedded');
const fixture = (name: string) => readFile(new URL(`../../fixtures/${name}`, import.meta.url));
const packages = await fixture('packages.csv');

const ingest = (args: string[], input?: Uint8Array) =>
  pgvInMemory(['ingest', ...args, '-d', url], input === undefined ? {} : { input });

async function rows(statement: string): Promise<unknown> {
  const { stdout, stderr } = await pgvInMemory(['sql', statement, '-d', url, '--json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout).rows;
}

test('a presigned URL of a compressed file, over a connection that is cut again and again', async () => {
  const content = gzipSync(packages);
  const server = await fileServer({ content, cutAfter: content.length >> 1 });
  const source = `${server.url.replace('data', 'far%20away')}.gz?X-Amz-Signature=secret`;
  const { code, stdout, stderr } = await ingest([source, '--json', '-v']);
  expect({ code, secret: `${stdout}${stderr}`.includes('secret') }).toEqual({ code: 0, secret: false });
  expect(JSON.parse(stdout)).toMatchObject({
    table: 'far away',
    rows: 1000,
    files: [{ path: source.split('?')[0] }],
  });
});

test('a URL that may not be read, and one without a name', async () => {
  const server = await fileServer({
    content: packages,
    answer: (_, response) => !!response.writeHead(403).end(),
  });
  const { code, stderr } = await ingest([`${server.url}?X-Amz-Signature=secret`]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /data\.csv may not be read: the server answers 403 Forbidden\nhint: a presigned URL expires/,
  );
  expect(stderr).not.toContain('secret');
  const nameless = await ingest([new URL('/', server.url).href, '--format', 'csv']);
  expect(nameless.stderr).toMatch(/has no name that the table could take\nhint: name the table with -t/);
});

test('Ctrl-C ends what waits for a silent server', async () => {
  const server = await fileServer({ content: packages, answer: () => true });
  const { code } = await pgv(['ingest', server.url, '-d', url], {
    signalAfter: { milliseconds: 1500 },
    timeout: 20_000,
  });
  expect(code).toBe(130);
});

test('a format that seeks, from a URL with ranges and from stdin', async () => {
  const content = await fixture('hdf5/ann.h5');
  const server = await fileServer({ content });
  const ranged = await ingest([server.url.replace('csv', 'h5'), '-t', 'ranged']);
  expect({ code: ranged.code, kept: ranged.stderr.includes('temporary') }).toEqual({ code: 0, kept: false });
  const piped = await ingest(['-', '-t', 'piped', '--format', 'hdf5'], content);
  expect(piped.code).toBe(0);
  expect(piped.stderr).toMatch(
    /^the format is not read from front to back: stdin goes into a temporary file in .*\nthe temporary file holds 5,392 bytes$/m,
  );
  const differences = 'SELECT count(*) AS n FROM (TABLE ranged EXCEPT ALL TABLE piped) AS d';
  expect(await rows(differences)).toEqual([{ n: 0 }]);
});

test('a directory that takes no temporary files', async () => {
  const missing = `${await temporaryDirectory()}/missing`;
  const options = { env: { TMPDIR: missing }, input: 'x' };
  const { code, stderr } = await pgv(['ingest', '-', '-t', 'x', '--format', 'hdf5', '-d', url], options);
  expect(code).toBe(4);
  expect(stderr).toMatch(
    /stdin cannot be kept in .*missing while it is read: .*\nhint: TMPDIR names another directory/,
  );
});

test('another encoding, compressed, by a pattern', async () => {
  const cwd = await temporaryDirectory();
  await writeFile(`${cwd}/latin.csv.gz`, gzipSync(Buffer.from('id,text\n1,Käse\n', 'latin1')));
  const { code } = await pgvInMemory(['ingest', 'lat*.gz', '--encoding', 'windows-1252', '-d', url], { cwd });
  expect(code).toBe(0);
  expect(await rows('SELECT text FROM latin')).toEqual([{ text: 'Käse' }]);
});

test('several files and stdin need the name of a table', async () => {
  const file = await temporaryFile('a.csv', 'id\n1\n');
  for (const args of [[file, '-'], ['-']]) {
    const { code, stderr } = await ingest(args, Buffer.from('id\n1\n'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/\nhint: name the table with -t/);
  }
});
