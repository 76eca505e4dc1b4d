import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  circles,
  type Sources,
  tooLong,
  wrongImports,
  wrongPackages,
  wrongWords,
} from './support/architecture.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function readSources(): Sources {
  const files = ['bin', 'commands', 'src'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.posix.join(folder, name)),
  );
  return new Map(files.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
}

describe('the sources', () => {
  const sources = readSources();

  test('import downward only', () => expect(wrongImports(sources)).toEqual([]));
  test('have no circle of imports', () => expect(circles(sources)).toEqual([]));
  test('import each package where it belongs', () => expect(wrongPackages(sources)).toEqual([]));
  test('leave the process and the terminal to the terminal half', () =>
    expect(wrongWords(sources)).toEqual([]));
  test('are files of a size to read', () => expect(tooLong(sources)).toEqual([]));
});

describe('the rules see', () => {
  const rules = { wrongImports, circles, wrongPackages, wrongWords, tooLong };
  const cases: [keyof typeof rules, string, Record<string, string>, string[]][] = [
    [
      'wrongImports',
      'a step upward, also for a type, over several lines, re-exported or lazily',
      {
        'src/sql/a.ts': "import type { A } from '../operations/a.ts';",
        'src/values/a.ts': "import {\n  a,\n  b,\n} from '../copy/a.ts';",
        'src/vector/a.ts': "export { a } from '../values/a.ts';",
        'src/errors.ts': "const a = await import('./vector/a.ts');",
        'src/operations/a.ts': "import '../../commands/a.ts';",
      },
      [
        'src/sql/a.ts reaches up to src/operations/a.ts',
        'src/values/a.ts reaches up to src/copy/a.ts',
        'src/vector/a.ts reaches up to src/values/a.ts',
        'src/errors.ts reaches up to src/vector/a.ts',
        'src/operations/a.ts reaches up to commands/a.ts',
      ],
    ],
    [
      'wrongImports',
      'a neighbour, but not the interface that all may name',
      {
        'src/formats/a.ts': "import { b } from '../copy/b.ts';\nimport { c } from '../sql/identifiers.ts';",
        'src/sql/a.ts': "import type { B } from '../database/database.ts';\nimport { c } from './c.ts';",
        'src/copy/a.ts': "import { b } from '../database/database.ts';",
      },
      [
        'src/formats/a.ts reaches into its neighbour src/copy/b.ts',
        'src/copy/a.ts reaches into its neighbour src/database/database.ts',
      ],
    ],
    [
      'circles',
      'a circle, but not of types',
      {
        'src/a.ts': "import { b } from './b.ts';",
        'src/b.ts': "import { c } from './c.ts';",
        'src/c.ts': "import { a } from './a.ts';",
        'src/d.ts': "import type { E } from './e.ts';",
        'src/e.ts': "import { d } from './d.ts';",
      },
      ['src/a.ts → src/b.ts → src/c.ts → src/a.ts'],
    ],
    [
      'wrongPackages',
      'a package out of its place',
      {
        'src/operations/a.ts': "import { Client } from 'pg';\nimport chalk from 'chalk';",
        'commands/a.ts':
          "import { vector } from '@electric-sql/pglite-pgvector/x';\nimport chalk from 'chalk';",
        'src/database/a.ts': "import { Client } from 'pg';\nimport { to } from 'pg-copy-streams';",
      },
      [
        'src/operations/a.ts imports pg, which belongs in src/database',
        'src/operations/a.ts imports chalk, which belongs in commands',
        'commands/a.ts imports @electric-sql/pglite-pgvector, which belongs in src/database',
      ],
    ],
    [
      'wrongWords',
      'code that ends the process or prints, but not comments about it',
      {
        'src/a.ts': '/**\n * process.exit\n */\nprocess.stdout.write(a);\n// console.log',
        'commands/a.ts': 'process.exitCode = 1;',
        'commands/main.ts': 'process.exitCode = 1;\nconsole.log(1);',
      },
      [
        'src/a.ts:4 has process.stdout.write(a);, which belongs in bin and commands',
        'commands/a.ts:1 has process.exitCode = 1;, which belongs in bin and commands/main.ts',
        'commands/main.ts:2 has console.log(1);, which belongs in no file',
      ],
    ],
    [
      'tooLong',
      'a file of 401 lines, but not of 400',
      { 'src/a.ts': '\n'.repeat(401), 'src/b.ts': '\n'.repeat(400) },
      ['src/a.ts has 401 lines, the most is 400'],
    ],
  ];

  test.each(cases)('%s: %s', (rule, _, files, expected) => {
    expect(rules[rule](new Map(Object.entries(files)))).toEqual(expected);
  });
});
