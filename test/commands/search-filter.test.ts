import { expect, test } from 'vitest';
import { filter } from '../../commands/search/filter.ts';

test.each<[string, string, string, string[]]>([
  ['n=1', 'n', '=', ['1']],
  ['n=', 'n', '=', ['']],
  ['n>=1', 'n', '>=', ['1']],
  ['n<=-1.5', 'n', '<=', ['-1.5']],
  ['n>1', 'n', '>', ['1']],
  ['n<1', 'n', '<', ['1']],
  ['meta.year >= 2024', 'meta.year', '>=', ['2024']],
  ['title = a > b', 'title', '=', ['a > b']],
  ['title= a', 'title', '=', [' a']],
  ['title=x in y', 'title', '=', ['x in y']],
  ['two words=1', 'two words', '=', ['1']],
  ['title=a\nb', 'title', '=', ['a\nb']],
  ['inn=1', 'inn', '=', ['1']],
  ['section in games, editors', 'section', '=', ['games', 'editors']],
  ['section in games', 'section', '=', ['games']],
  ['title in ["a,b", 7, "8"]', 'title', '=', ['a,b', '7', '8']],
])('%s', (text, key, operator, values) => {
  expect(filter(text)).toEqual([{ key, operator, values }]);
});

test('several add up', () => {
  expect(filter('b=2', filter('a=1')).map(({ key }) => key)).toEqual(['a', 'b']);
});

test.each([
  ['n', /<key>=<value>/],
  ['', /<key>=<value>/],
  ['=1', /<key>=<value>/],
  ['>=1', /<key>=<value>/],
  ['n in', /<key>=<value>/],
  ['n in ', /is empty/],
  ['n in a,,b', /is empty/],
  ['n in []', /is empty/],
  ['n in ["a"', /not JSON/],
])('%j is wrong usage', (text, message) => {
  expect(() => filter(text)).toThrow(message);
});
