/** Texts of one type, as a CSV file may hold them; PostgreSQL accepts all of them. */
export interface ValueCase {
  /** As CREATE TABLE has it; pgvector's types bare. */
  type: string;
  /** What we read ourselves, into the type's binary form. */
  ours: readonly string[];
  /** What we leave to PostgreSQL. */
  theirs?: readonly string[];
}

const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

export const scalars: ValueCase[] = [
  {
    type: 'smallint',
    ours: ['0', '-0', '+7', '007', '-32768', '32767'],
    theirs: [' 1', '2 ', '\t3\n', '0x1F', '1_000'],
  },
  { type: 'integer', ours: ['0', '-2147483648', '2147483647', '0000000000000'], theirs: [' 1', '0b11'] },
  {
    type: 'bigint',
    ours: [
      '0',
      '-0',
      '-1',
      '999999999999999',
      '9007199254740993',
      '-9223372036854775808',
      '9223372036854775807',
      '0000000000000000001',
    ],
    theirs: ['+9223372036854775807', '0000000000000000000000001', ' 1 '],
  },
  {
    type: 'real',
    ours: [
      '0',
      '-0',
      '.5',
      '5.',
      '1e5',
      '1E+05',
      '-1.5e-3',
      '3.4028235e38',
      '1e-45',
      '1.17549435e-38',
      '0.1',
      '16777217',
      '1.00000005960464477539062500000001',
    ],
    theirs: ['NaN', 'Infinity', '-inf', ' 1.5 ', 'nan', '0x10'],
  },
  {
    type: 'double precision',
    ours: [
      '0',
      '-0',
      '.5',
      '5.',
      '0.1',
      '1e308',
      '5e-324',
      '2.2250738585072011e-308',
      '9007199254740993',
      '1.7976931348623157e308',
      '123456789012345678901234567890',
    ],
    theirs: ['NaN', 'Infinity', '-Infinity', ' -inf ', '0x10'],
  },
  {
    type: 'numeric',
    ours: [
      '0',
      '-0',
      '0.000',
      '.5',
      '5.',
      '+1',
      '00012.3400',
      '12345678901234567890.123456789',
      '-99999999999999999999999999999999',
      '0.00000000000000000001',
      '10000',
      '100000000',
      '0.0001',
      '0.00010000',
      '9999.9999',
      '-0.10',
      `${'9'.repeat(400)}.${'1'.repeat(400)}`,
    ],
    theirs: ['NaN', 'Infinity', '1e10', '1.5E-7', ' 2.5 ', '1_000.5', '9'.repeat(2000)],
  },
  { type: 'numeric(10,2)', ours: ['1.005', '1.004999', '-1.005', '99999999.994', '0.1', '5', '-0.001'] },
  { type: 'numeric(5,-2)', ours: ['149', '150', '-12350', '0.5'] },
  {
    type: 'boolean',
    ours: ['t', 'true', 'TRUE', 'y', 'yes', 'on', '1', 'f', 'False', 'n', 'no', 'off', '0'],
    theirs: ['tr', 'tru', ' yes ', 'fals', 'of', 'ye'],
  },
  {
    type: 'uuid',
    ours: [uuid, uuid.toUpperCase(), uuid.replaceAll('-', '')],
    theirs: [`{${uuid}}`, 'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11', `{${uuid.replaceAll('-', '')}}`],
  },
  {
    type: 'date',
    ours: ['2024-02-29', '1999-12-31', '0001-01-01', '9999-12-31', '1900-02-28', '2000-02-29', '1600-03-01'],
    theirs: [
      'infinity',
      '-infinity',
      '0044-03-15 BC',
      '20240229',
      'Feb 29, 2024',
      '5874897-12-31',
      '2024-2-9',
      '2024-02-29 12:00',
      '4714-11-24 BC',
    ],
  },
  {
    type: 'time',
    ours: ['00:00:00', '23:59:59.999999', '12:30', '12:30:15.5'],
    theirs: ['24:00:00', '23:59:60', '12:30:15.1234567', '03:00 PM', '12:30:15+02', '1230'],
  },
  { type: 'time(0)', ours: ['12:30:15.4', '12:30:15.5', '23:59:59.9'] },
  {
    type: 'timestamp',
    ours: [
      '2024-02-29 12:30:15',
      '2024-02-29T12:30:15',
      '2024-02-29 12:30',
      '2024-02-29',
      '2024-02-29 12:30:15.25',
      '2024-02-29 12:30:15+05',
      '2024-02-29T12:30:15Z',
      '0001-01-01 00:00:00',
      '9999-12-31 23:59:59.999999',
      '1969-12-31 23:59:59.999999',
    ],
    theirs: [
      'infinity',
      '-infinity',
      '0044-03-15 12:00 BC',
      '2024-02-29 24:00:00',
      '2024-02-29 12:30:15.1234565',
      '294276-12-31 23:59:59.999999',
      '4714-11-24 00:00:00 BC',
      '2024-06-30 23:59:60',
      '29/Feb/2024 12:30',
    ],
  },
  {
    type: 'timestamp(3)',
    ours: [
      '2024-02-29 12:30:15.2499',
      '2024-02-29 12:30:15.2495',
      '2024-12-31 23:59:59.9995',
      '1969-12-31 23:59:59.0005',
    ],
  },
  {
    type: 'timestamptz',
    ours: [
      '2024-02-29 12:30:15+00',
      '2024-02-29T12:30:15Z',
      '2024-02-29 12:30:15.123456-08',
      '2024-02-29 12:30+05:30',
      '2024-02-29 12:30:15+0530',
      '2024-02-29 12:30:15-15:59',
      '0001-01-01 00:00:00+05',
      '9999-12-31 23:59:59-12',
    ],
    theirs: [
      'infinity',
      '2024-02-29 12:30:15 Europe/Berlin',
      '2024-02-29 12:30:15 PST',
      '2024-02-29 12:30:15 +02',
      '0044-03-15 12:00+00 BC',
      '294276-12-31 23:59:59Z',
      '2024-02-29 12:30:15+05:30:15',
      '2024-02-29 24:00Z',
      '2024-02-29t12:30z',
      '2024-02-29 12:30:15 UTC',
    ],
  },
  {
    type: 'timestamptz(0)',
    ours: ['2024-02-29 12:30:15.5+01', '2024-02-29 12:30:14.5+01', '2024-02-29 12:30:15.499999+01'],
  },
  { type: 'json', ours: ['{"a": [1, "x,y"], "b": null}', ' [1,2] ', '"\\u00e9"', 'null', '{"a":1,"a":2}'] },
  {
    type: 'jsonb',
    ours: ['{"b": 1, "a": [1.50, "x,y", {"c": "é😀"}]}', '1e5', 'null', '""', '{"a":1,"a":2}', '\n{ }\n'],
  },
  {
    type: 'bytea',
    ours: ['\\x00ff0a22', '\\x', '', 'plain', '\\xABcd'],
    theirs: ['\\000\\377x\\\\', '\\x 00 ff', 'é', 'a\\\\b'],
  },
  { type: 'text', ours: ['x', '', ' a ', '日本語 😀 \u00a0', 'line\nfeed\r\n\t"\'\\', '\\N', '\\.', 'NULL'] },
  { type: 'varchar(3)', ours: ['abc', 'ä😀c', 'ab   ', ''] },
  { type: 'char(4)', ours: ['abcd', 'ab', ' ä ', 'abc     ', ''] },
  { type: 'name', ours: ['short', 'x'.repeat(63)], theirs: ['x'.repeat(80), 'é'.repeat(40)] },
  { type: 'bit(9)', ours: ['101100011'], theirs: ['b101100011'] },
  { type: 'bit varying(12)', ours: ['', '1', '101100011', '111111111111'], theirs: ['x2C', 'b01'] },
  { type: 'mood', ours: ['happy', 'it\'s "so", so'] },
  { type: 'short', ours: ['abc', ''] },
];

export const vectors: ValueCase[] = [
  {
    type: 'vector(3)',
    ours: [
      '[1,2,3]',
      '[-0,0,+0]',
      ' [1, 2.5 ,-3e-2]\n',
      '[1e-50,.5,5.]',
      '[\t1\v,\f2\r,3]',
      '[1e+05,-1E-05,00012]',
      '[-1e-46,3.4028235677973366e38,1e00000000000000000000001]',
    ],
    theirs: ['[0x10,1,2]', '[1,-0x1p-3,2]'],
  },
  {
    type: 'vector',
    ours: ['[1]', '[1,2,3]', `[${Array.from({ length: 16_000 }, (_, i) => i / 7).join(',')}]`],
  },
  { type: 'halfvec(3)', ours: ['[1,65504,-0.5]', '[6e-8,5.9e-8,2.98e-8]', '[65519.99,-0,2049]'] },
  { type: 'halfvec', ours: ['[1]', '[1,2,3]'] },
  {
    type: 'sparsevec(5)',
    ours: ['{1:1.5,5:-2}/5', '{}/5', '{5:1,1:2}/5', '{2:1e-3}/5', '{1:0,2:1}/5', '{1:-0,3:1e-45}/5'],
  },
  { type: 'sparsevec', ours: ['{1:1}/1', '{}/1000000000', '{1000000000:0.1}/1000000000'] },
  { type: 'three', ours: ['[1,2,3]'] },
];

export const arrays: ValueCase[] = [
  {
    type: 'text[]',
    ours: ['{}', '{a,b}', '{"a,b","e\\"f","g\\\\h",""}', '{NULL,null,"NULL"}', '{é,😀}'],
    theirs: ['{a b, c }', '{{a,b},{c,d}}', '[2:3]={x,y}', '{a\\,b}', '{ }', ' {a}'],
  },
  { type: 'int[]', ours: ['{1,-2,NULL}', '{}', '{2147483647}'], theirs: ['{ 1 , 2 }', '{{1,2},{3,4}}'] },
  { type: 'float8[]', ours: ['{0.1,-0,1e300}', '{NULL}'], theirs: ['{NaN,Infinity}'] },
  { type: 'uuid[]', ours: [`{${uuid},NULL}`, '{}'] },
  {
    type: 'timestamptz[]',
    ours: ['{"2024-02-29 12:30:15+01",NULL}', '{2024-02-29T12:30:15Z}'],
    theirs: ['{infinity}'],
  },
  { type: 'numeric(6,1)[]', ours: ['{1.25,NULL,-0.05}', '{}'] },
  { type: 'boolean[]', ours: ['{t,f,NULL}'] },
  { type: 'bytea[]', ours: ['{"\\\\x00ff",NULL}', '{}'] },
  { type: 'jsonb[]', ours: ['{"{\\"a\\": [1,2]}",NULL}'] },
  { type: 'varchar(3)[]', ours: ['{abc,"d e"}'] },
  { type: 'mood[]', ours: ['{happy,NULL}'] },
];

/** Types whose binary form we do not know. */
export const unknown: ValueCase[] = [
  { type: 'timetz', ours: [], theirs: ['12:30:15+02', '12:30+00', '24:00:00-15:59'] },
  {
    type: 'interval',
    ours: [],
    theirs: ['1 year 2 days 03:04:05.6', '-1 mon', 'P1Y2M3DT4H', '00:00:00.000001'],
  },
  { type: '"char"', ours: [], theirs: ['a', '', '\\377'] },
  { type: 'inet', ours: [], theirs: ['192.168.0.1', '10.0.0.0/8', '::1'] },
  { type: 'tsvector', ours: [], theirs: ["'fat':2 'rat':3", 'a b a', ''] },
  { type: 'int4range', ours: [], theirs: ['[1,5)', 'empty', '(,3]'] },
  { type: 'money', ours: [], theirs: ['$1,000.50', '-2.25'] },
  { type: 'point', ours: [], theirs: ['(1,2)', '1.5,-2'] },
  { type: 'pair', ours: [], theirs: ['(1,"a,b")', '(,)', '(2,"say ""hi""")'] },
  { type: 'vector[]', ours: [], theirs: ['{"[1,2]","[3]",NULL}', '{}'] },
  { type: 'short[]', ours: [], theirs: ['{abc,NULL}'] },
  { type: 'pair[]', ours: [], theirs: ['{"(1,a)","(2,\\"b c\\")"}'] },
];

/** The types of these cases that PostgreSQL does not have by itself; the extension's schema must be in the search path. */
export const customTypes = [
  `CREATE TYPE mood AS ENUM ('happy', 'it''s "so", so')`,
  "CREATE DOMAIN short AS varchar(3) CHECK (value <> 'bad')",
  'CREATE DOMAIN three AS vector(3)',
  'CREATE TYPE pair AS (n int, t text)',
];
