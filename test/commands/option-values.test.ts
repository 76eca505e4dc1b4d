import { Command } from 'commander';
import { expect, test } from 'vitest';
import {
  byteSize,
  decimalNumber,
  keyName,
  keyValue,
  nameList,
  timeSpan,
  wholeNumber,
} from '../../commands/option-values.ts';

test.each([
  ['10', 10],
  ['+7', 7],
  ['-3', -3],
])('whole number %s', (text, value) => {
  expect(wholeNumber()(text)).toBe(value);
});

test.each(['ten', '', ' 1', '1.5', '1e3', '0x10', '9007199254740993'])('no whole number: "%s"', (text) => {
  expect(() => wholeNumber()(text)).toThrow('must be a whole number');
});

test('a whole number out of bounds names them', () => {
  expect(() => wholeNumber({ min: 2, max: 100 })('101')).toThrow('from 2 to 100');
  expect(() => wholeNumber({ min: 1 })('0')).toThrow('from 1 up');
});

test.each([
  ['0.5', 0.5],
  ['.5', 0.5],
  ['1e-3', 0.001],
  ['-2', -2],
])('decimal number %s', (text, value) => {
  expect(decimalNumber()(text)).toBe(value);
});

test.each(['', 'NaN', 'Infinity', '1e999', '1,5', '0x1'])('no decimal number: "%s"', (text) => {
  expect(() => decimalNumber()(text)).toThrow('must be a number');
});

test.each([
  ['0', 0],
  ['1ms', 1],
  ['30s', 30_000],
  ['1.5 min', 90_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('time %s', (text, value) => {
  expect(timeSpan(text)).toBe(value);
});

test.each(['', '5', '-1s', '1m', '1S', '0.1ms', '500us', '1e3s', 's'])('no time: "%s"', (text) => {
  expect(() => timeSpan(text)).toThrow(
    'must be a time of at least 1ms with its unit (ms, s, min, h or d), such as 500ms, 30s or 5min, or 0',
  );
});

test.each(['25d', '600h'])('too long a time: %s', (text) => {
  expect(() => timeSpan(text)).toThrow('must be at most 24d');
});

test.each([
  ['1B', 1],
  ['64kB', 65_536],
  ['512MB', 536_870_912],
  ['1.5gb', 1_610_612_736],
  ['2 TB', 2_199_023_255_552],
])('size %s', (text, value) => {
  expect(byteSize(text)).toBe(value);
});

test.each(['512', 'MB', '0MB', '-1MB', '2XB', ''])('no size: "%s"', (text) => {
  expect(() => byteSize(text)).toThrow('size with its unit');
});

test('names are trimmed, and none is empty or there twice', () => {
  expect(nameList('id, title,embedding')).toEqual(['id', 'title', 'embedding']);
  expect(() => nameList('id,,x')).toThrow('empty');
  expect(() => nameList('id,x,id')).toThrow('id is in the list twice');
});

test('pairs gather in order; only the first = divides', () => {
  const command = new Command()
    .option('--set <column=value>', '', keyValue)
    .parse(['--set', 'a=1=2', '--set', 'b='], { from: 'user' });
  expect(command.opts().set).toEqual([
    ['a', '1=2'],
    ['b', ''],
  ]);
  expect(() => keyValue('=x')).toThrow('<key>=<value>');
});

test('a name or a type is not empty, a value may be', () => {
  expect(keyName('a=b=', keyName('title=text'))).toEqual([
    ['title', 'text'],
    ['a', 'b='],
  ]);
  expect(() => keyName('title=')).toThrow('must be <key>=<value>');
  expect(() => keyName('title')).toThrow('must be <key>=<value>');
  expect(keyValue('title=')).toEqual([['title', '']]);
});
