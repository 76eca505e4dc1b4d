import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { shortVector, tableLines } from '../../../commands/output/table.ts';
import { displayWidth } from '../../../commands/output/width.ts';

const style = new Chalk({ level: 0 });
const columns = [{ name: 'id' }, { name: 'title' }, { name: 'embedding' }];
const vector = `[${Array.from({ length: 64 }, (_, index) => index / 7).join(',')}]`;
const renderTable = (...table: Parameters<typeof tableLines>) => [...tableLines(...table)].join('');
const rows = [
  [1, 'short', vector],
  [20012, `a long title ${'x'.repeat(200)}`, null],
  ['9007199254740993', '漢字 two\nlines \u001b[31m', '[1,2,3]'],
];

test('fits the terminal: numbers right, long text and vectors shortened, one line a row', () => {
  const lines = renderTable(columns, rows, { width: 80, style }).trimEnd().split('\n');
  expect(lines).toHaveLength(2 + rows.length);
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(80);
  expect(lines[0]).toMatch(/^ +id {2}title +embedding$/);
  expect(lines[2]).toMatch(/^ +1 {2}short +\[0, 0\.143, 0\.286, … 64\]$/);
  expect(lines[3]).toMatch(/^ +20012 {2}a long title x+… {2}NULL$/);
  expect(lines[4]).toMatch(/^9007199254740993 {2}漢字 two↵lines +\[31m +\[1,2,3\]$/);
});

test('off a terminal nothing is shortened', () => {
  const text = renderTable(columns, rows, { width: Number.POSITIVE_INFINITY, style });
  expect(text).toContain(vector);
  expect(text).toContain('x'.repeat(200));
});

test('a column may say on which side it stands', () => {
  const text = renderTable([{ name: 'code', align: 'left' }, { name: 'n' }], [['1', 'x']], {
    width: 80,
    style,
  });
  expect(text).toBe('code  n\n────  ─\n1     x\n');
});

test('a table without rows has its heading', () => {
  expect(renderTable(columns, [], { width: 80, style })).toBe('id  title  embedding\n──  ─────  ─────────\n');
});

test('only what looks like a long vector is shortened as one', () => {
  expect(shortVector('[0.25,1e-7,3,4,5]')).toBe('[0.25, 1e-7, 3, … 5]');
  const sparse = '{1:0.123456,17:1e-07,300:-2,301:4,999:5}/30522';
  expect(shortVector(sparse)).toBe('{1:0.123, 17:1e-7, 300:-2, … 5}/30522');
  expect(shortVector('0110'.repeat(192))).toBe('0110011001100110… 768');
  const others = [
    '[1,2,3,4]',
    '["a",1,2,3,4,5]',
    'text',
    '{}/3',
    '{"a":1,"b":2}',
    '0110',
    '10000000000000000000',
  ];
  for (const text of others) expect(shortVector(text)).toBeUndefined();
});

const loads = [
  { name: 'load', whole: true },
  { name: 'file' },
  { name: 'rows' },
  { name: 'begun', spare: 1 },
  { name: 'role', spare: 2 },
];
const load = ['0e9f03ab-long-name-of-a-load', 'a-file.csv', 123456789012, '2026-11-21 12:30:05', 'postgres'];
const at = (width: number) => renderTable(loads, [load], { width, style }).trimEnd().split('\n');

test('names and numbers are never cut: what can be spared is left out, and named', () => {
  expect(at(100)[2]).toBe(
    '0e9f03ab-long-name-of-a-load  a-file.csv  123456789012  2026-11-21 12:30:05  postgres',
  );
  expect(at(80)[2]).toBe('0e9f03ab-long-name-of-a-load  a-file.csv  123456789012  2026-11-21 12:30:05');
  expect(at(80)[3]).toBe('no room for: role');
  expect(at(60)[2]).toBe('0e9f03ab-long-name-of-a-load  a-file.csv  123456789012');
  expect(at(60)[3]).toBe('no room for: begun, role');
  expect(at(52)[2]).toBe('0e9f03ab-long-name-of-a-load  a-file.…  123456789012');
  for (const width of [52, 60, 80, 100])
    for (const line of at(width)) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  // Half a name is of no use, a line that the terminal breaks is.
  expect(at(20)[2]).toBe('0e9f03ab-long-name-of-a-load  a-file.…  123456789012');
});
