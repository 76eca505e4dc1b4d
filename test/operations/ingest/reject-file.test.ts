import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { appendFile, copyFile, link, mkdir, readdir, rename, symlink } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DatabaseError, UsageError } from '../../../src/errors.ts';
import { type Reject, RejectFile } from '../../../src/operations/ingest/reject-file.ts';
import { requireRejectFile } from '../../../src/operations/ingest/reject-paths.ts';
import { temporaryDirectory, temporaryFile } from '../../support/temporary.ts';

const head = Buffer.from('id,t\n');

async function newPath(): Promise<string> {
  return path.join(await temporaryDirectory(), 'bad.csv');
}

function reject(piece: number, row: number, text: string, more: Partial<Reject> = {}): Reject {
  const bytes = Buffer.from(text);
  return {
    file: 'a.csv',
    row,
    byteOffset: row * 10,
    byteLength: bytes.length,
    column: 't',
    reason: 'said why\u2028"',
    sqlstate: '22000',
    piece,
    fileIndex: 0,
    bytes,
    ...more,
  };
}

const dataOf = (file: string) => readFileSync(file, 'utf8');
const errorsOf = (file: string) => `${file}.errors.jsonl`;

/** The entries, each with the bytes that its place in the list says are its own. */
function entries(file: string, start = head.length): { piece: number; row: number; text: string }[] {
  let at = start;
  const data = readFileSync(file);
  const lines = readFileSync(errorsOf(file), 'utf8').split('\n').slice(0, -1);
  const all = lines.map((line) => {
    const { piece, row, byteLength } = JSON.parse(line);
    at += byteLength;
    return { piece, row, text: data.toString('utf8', at - byteLength, at) };
  });
  if (all.length > 0) expect(at).toBe(data.length);
  return all;
}

/** Three pieces' rejects, as a load has left them. */
async function leftBehind(): Promise<string> {
  const file = await newPath();
  const rejects = await RejectFile.create(file, head);
  await rejects.add([reject(0, 1, '1,a\n'), reject(0, 3, '3,"c\n"\n')]);
  await rejects.add([reject(2, 21, '21,é\n')]);
  await rejects.add([reject(1, 11, '11,b\n'), reject(1, 12, '12,b\n')]);
  await rejects.close();
  return file;
}

const all = [
  { piece: 0, row: 1, text: '1,a\n' },
  { piece: 0, row: 3, text: '3,"c\n"\n' },
  { piece: 2, row: 21, text: '21,é\n' },
  { piece: 1, row: 11, text: '11,b\n' },
  { piece: 1, row: 12, text: '12,b\n' },
];

describe('a new reject file', () => {
  test('is not made before the first reject', async () => {
    const file = await newPath();
    const rejects = await RejectFile.create(file, head);
    await rejects.add([]);
    await rejects.close();
    expect(await readdir(path.dirname(file))).toEqual([]);
    expect(rejects.count).toBe(0);
  });

  test('holds the head and the rows as they stood, and a line about each', async () => {
    const file = await leftBehind();
    expect(dataOf(file)).toBe('id,t\n1,a\n3,"c\n"\n21,é\n11,b\n12,b\n');
    expect(entries(file)).toEqual(all);
    const first = JSON.parse(readFileSync(errorsOf(file), 'utf8').split('\n')[0]!);
    expect(first).toEqual({
      file: 'a.csv',
      row: 1,
      byteOffset: 10,
      byteLength: 4,
      column: 't',
      reason: 'said why\u2028"',
      sqlstate: '22000',
      piece: 0,
      fileIndex: 0,
    });
  });

  test('says null of what is not known, and needs no head', async () => {
    const file = await newPath();
    const rejects = await RejectFile.create(file, undefined);
    const unknown = { byteOffset: undefined, column: undefined, sqlstate: undefined };
    await rejects.add([reject(0, 1, '\0\xff', unknown)]);
    await rejects.close();
    expect(readFileSync(file)).toEqual(Buffer.from('\0\xff'));
    expect(JSON.parse(readFileSync(errorsOf(file), 'utf8'))).toMatchObject({
      byteOffset: null,
      column: null,
      sqlstate: null,
    });
  });

  test('takes what is added at once in its order, on disk when it is said so', async () => {
    const file = await newPath();
    const rejects = await RejectFile.create(file, head);
    const added = Array.from({ length: 20 }, (_, i) => rejects.add([reject(i, i, `${i},x\n`)]));
    await added[0];
    expect(entries(file)[0]).toMatchObject({ piece: 0 });
    await Promise.all(added);
    expect(entries(file).map(({ piece }) => piece)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(rejects.count).toBe(20);
    await rejects.close();
  });

  test("has a piece's rejects once, however often it is tried", async () => {
    const file = await newPath();
    const rejects = await RejectFile.create(file, head);
    const first = [reject(0, 1, '1,a\n'), reject(0, 2, '2,a\n')];
    await rejects.add(first);
    await rejects.add([reject(1, 11, '11,b\n')]);
    await rejects.add(first);
    expect(entries(file).map(({ row }) => row)).toEqual([1, 2, 11]);
    await rejects.add([reject(0, 2, '2,a\n'), reject(0, 4, '4,a\n')]);
    expect(entries(file).map(({ row }) => row)).toEqual([11, 2, 4]);
    expect(rejects.count).toBe(3);
    await rejects.add([reject(2, 21, '21,b\n')]);
    await rejects.close();
    expect(entries(file).map(({ row }) => row)).toEqual([11, 2, 4, 21]);
    expect(dataOf(file)).toBe('id,t\n11,b\n2,a\n4,a\n21,b\n');
  });

  test.each([
    ['the file', 'bad.csv'],
    ['the file of errors', 'bad.csv.errors.jsonl'],
  ])('is refused where %s holds something already', async (_, name) => {
    const there = await temporaryFile(name, 'mine');
    const file = path.join(path.dirname(there), 'bad.csv');
    await expect(RejectFile.create(file, head)).rejects.toMatchObject({
      code: 'reject-file-exists',
      file: there,
    });
    expect(readFileSync(there, 'utf8')).toBe('mine');
  });

  test('may be empty beforehand', async () => {
    const file = await temporaryFile('bad.csv', '');
    const rejects = await RejectFile.create(file, head);
    await rejects.add([reject(0, 1, '1,a\n')]);
    await rejects.close();
    expect(dataOf(file)).toBe('id,t\n1,a\n');
  });

  test('is refused for a directory, a device, and a place that is not there', async () => {
    const folder = await temporaryDirectory();
    await expect(RejectFile.create(folder, head)).rejects.toThrow(`${folder} is a directory`);
    await expect(RejectFile.create('/dev/null', head)).rejects.toThrow('/dev/null is no plain file');
    const nowhere = path.join(folder, 'none', 'bad.csv');
    await expect(RejectFile.create(nowhere, head)).rejects.toThrow(UsageError);
  });
});

test('the input is not written over, by whatever name', async () => {
  const input = await temporaryFile('a.csv', 'id\n');
  const [linked, hard] = [`${input}.link`, `${input}.hard`];
  await symlink(input, linked);
  await link(input, hard);
  for (const file of [input, linked, hard]) {
    await expect(requireRejectFile(file, ['none.csv', input])).rejects.toMatchObject({
      code: 'reject-file-is-input',
    });
  }
  const errors = await temporaryFile('b.csv.errors.jsonl', '{}\n');
  await expect(requireRejectFile(errors.replace('.errors.jsonl', ''), [errors])).rejects.toThrow(UsageError);
  await requireRejectFile(`${input}.bad`, [input]);
  await expect(requireRejectFile(`${input}.d/bad.csv`, [input])).rejects.toMatchObject({
    message: expect.stringMatching(/^directory .*\.d does not exist$/),
  });
});

describe('a load that goes on', () => {
  const resume = (file: string, stored: number[], newHead: Uint8Array | undefined = head) =>
    RejectFile.resume(file, newHead, (fileIndex, piece) => fileIndex === 0 && stored.includes(piece));

  test.each([
    ['every', [0, 1, 2]],
    ['the first', [0]],
    ['the last', [1]],
    ['the middle', [2]],
    ['none', []],
  ])('keeps what is of stored pieces: %s', async (_, stored) => {
    const file = await leftBehind();
    const rejects = await resume(file, stored);
    const kept = all.filter(({ piece }) => stored.includes(piece));
    expect(entries(file)).toEqual(kept);
    expect(rejects.count).toBe(kept.length);
    await rejects.add([reject(7, 70, '70,x\n')]);
    await rejects.close();
    expect(entries(file)).toEqual([...kept, { piece: 7, row: 70, text: '70,x\n' }]);
    expect(dataOf(file).startsWith('id,t\n')).toBe(true);
    expect(await readdir(path.dirname(file))).toHaveLength(2);
  });

  test('tells files apart', async () => {
    const file = await newPath();
    const rejects = await RejectFile.create(file, head);
    await rejects.add([reject(0, 1, '1,a\n', { fileIndex: 1 })]);
    await rejects.add([reject(0, 2, '2,a\n', { fileIndex: 0 })]);
    await rejects.close();
    const resumed = await resume(file, [0]);
    expect(entries(file).map(({ row }) => row)).toEqual([2]);
    await resumed.close();
  });

  test('starts where there is nothing yet', async () => {
    const file = await newPath();
    const rejects = await resume(file, []);
    expect(existsSync(file)).toBe(false);
    await rejects.add([reject(0, 1, '1,a\n')]);
    await rejects.close();
    expect(dataOf(file)).toBe('id,t\n1,a\n');
  });

  // A crash may leave any beginning of what was written, the rows being written before their lines.
  test('cuts torn ends off, wherever they are torn', async () => {
    const whole = await leftBehind();
    const [data, errors] = [readFileSync(whole), readFileSync(errorsOf(whole))];
    const ends = { data: [0, 16, 22, 32], errors: [0] };
    let line = 0;
    for (const count of [2, 1, 2]) {
      for (let i = 0; i < count; i++) line = errors.indexOf('\n', line) + 1;
      ends.errors.push(line);
    }
    const file = await newPath();
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (adds, inLines, part) => {
          const torn = (list: number[]) => Math.floor(list[adds]! + part * (list[adds + 1]! - list[adds]!));
          writeFileSync(file, data.subarray(0, inLines ? ends.data[adds + 1] : torn(ends.data)));
          writeFileSync(errorsOf(file), errors.subarray(0, inLines ? torn(ends.errors) : ends.errors[adds]));
          const rejects = await resume(file, [0, 1, 2]);
          const lines = readFileSync(errorsOf(file), 'utf8');
          expect(errors.toString().startsWith(lines)).toBe(true);
          expect(lines === '' || lines.endsWith('\n')).toBe(true);
          const kept = all.slice(0, rejects.count);
          expect(entries(file)).toEqual(kept);
          expect(rejects.count).toBeGreaterThanOrEqual([0, 2, 3][adds]!);
          if (kept.length === 0) expect(statSync(file).size).toBe(0);
          await rejects.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  const hidden = (file: string) => path.join(path.dirname(file), `.${path.basename(file)}.pgv-new`);

  test('takes a rewriting back that had not ended, and ends one that had', async () => {
    const [old, rewritten] = [await leftBehind(), await leftBehind()];
    await (await resume(rewritten, [2])).close();
    // Both new files are there, whole or not.
    await copyFile(rewritten, hidden(old));
    await copyFile(errorsOf(rewritten), hidden(errorsOf(old)));
    truncateSync(hidden(old), 3);
    await (await resume(old, [0, 1, 2])).close();
    expect(entries(old)).toEqual(all);
    // The lines are replaced, the rows are not yet.
    await copyFile(rewritten, hidden(old));
    await copyFile(errorsOf(rewritten), errorsOf(old));
    await (await resume(old, [0, 1, 2])).close();
    expect(entries(old)).toEqual(all.slice(2, 3));
    expect(await readdir(path.dirname(old))).toHaveLength(2);
  });

  test.each([
    ['rows without lines about them', (file: string) => rename(errorsOf(file), `${file}.away`)],
    ['lines without rows', (file: string) => rename(file, `${file}.away`)],
    ['fewer rows', async (file: string) => truncateSync(file, 20)],
    ['another head', async (file: string) => writeFileSync(file, dataOf(file).replace('id', 'ID'))],
    ['other lines', async (file: string) => writeFileSync(errorsOf(file), '{"a":1}\n')],
    ['lines that are no JSON', async (file: string) => writeFileSync(errorsOf(file), 'id,t\n1,2\n')],
  ])('refuses %s, and leaves all as it is', async (_, change) => {
    const file = await leftBehind();
    await change(file);
    const before = await contents(path.dirname(file));
    await expect(resume(file, [0])).rejects.toMatchObject({ code: 'reject-file-changed' });
    expect(await contents(path.dirname(file))).toEqual(before);
  });

  test('follows a link to the file, and leaves it one', async () => {
    const target = await leftBehind();
    const folder = path.join(path.dirname(target), 'links');
    await mkdir(folder);
    const file = path.join(folder, 'bad.csv');
    await symlink(target, file);
    await symlink(errorsOf(target), errorsOf(file));
    await (await resume(file, [1])).close();
    expect(entries(target)).toEqual(all.slice(3));
    expect(entries(file)).toEqual(all.slice(3));
    expect(await readdir(folder)).toHaveLength(2);
  });
});

async function contents(folder: string): Promise<[string, string][]> {
  const names = await readdir(folder);
  return names.sort().map((name) => [name, readFileSync(path.join(folder, name), 'latin1')]);
}

test.skipIf(!existsSync('/dev/full')).each([
  ['rows', (file: string) => file],
  ['lines', errorsOf],
])('a full disk under the %s is said so, and leaves what a new try mends', async (_, full) => {
  const file = await newPath();
  const rejects = await RejectFile.create(file, head);
  await symlink('/dev/full', full(file));
  const failed = rejects.add([reject(0, 1, '1,a\n')]);
  const next = rejects.add([reject(1, 2, '2,a\n')]);
  await expect(failed).rejects.toMatchObject({ code: 'disk-full' });
  await expect(failed).rejects.toBeInstanceOf(DatabaseError);
  await expect(next).rejects.toBeInstanceOf(DatabaseError);
  expect(rejects.count).toBe(0);
  await rejects.close();
});

test('a disk that fills up leaves whole entries alone', async () => {
  const file = await leftBehind();
  const rejects = await RejectFile.resume(file, head, () => true);
  await rejects.close();
  // The rows of an entry whose line did not fit any more.
  await appendFile(file, '99,z\n');
  await appendFile(errorsOf(file), '{"file":"a.csv","row":99,');
  const again = await RejectFile.resume(file, head, () => true);
  expect(again.count).toBe(5);
  await again.close();
  expect(entries(file)).toEqual(all);
});
