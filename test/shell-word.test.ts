import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../src/shell-word.ts';

test.each(['docs', 'public.docs', 'Excel Export', "it's", 'a"b', '$(x)', "`'\\!", '', '*', 'ä;b', '-x~'])(
  '%j is one word of a shell',
  (text) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
  },
);

test('what needs no quotes has none', () => {
  expect(shellWord('archive.docs_2')).toBe('archive.docs_2');
  expect(shellWord('Excel Export')).toBe("'Excel Export'");
});
