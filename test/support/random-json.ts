import fc from 'fast-check';

/** A JSON text, and what is said of it. */
export interface WrittenValue {
  text: string;
  /** As a text field holds it: a string's meaning, null as null, everything else as it is written. */
  meaning: string | null;
}

export interface WrittenObject {
  text: string;
  /** Key → value, where the object has the key. */
  values: Map<string, string | null>;
}

const space = fc.constantFrom('', '', '', ' ', '\t', '  ', '\r');

const characters = fc.oneof(
  fc.constantFrom(
    'a',
    '"',
    '\\',
    '/',
    '\b',
    '\n',
    '\r',
    '\t',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    'é',
    '日',
    '😀',
    '\u2028',
    '\u0001',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }).filter((text) => !text.includes('\0')),
);

/** A string in quotes, each character as it is or escaped, where JSON leaves the choice. */
const stringValue: fc.Arbitrary<WrittenValue> = fc
  .array(fc.tuple(characters, fc.constantFrom('plain', 'short', 'hex')), { maxLength: 8 })
  .map((parts) => ({
    text: `"${parts.map(([character, style]) => [...character].map((one) => written(one, style)).join('')).join('')}"`,
    meaning: parts.map(([character]) => character).join(''),
  }));

function written(character: string, style: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  if (style === 'hex') {
    return Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join('');
  }
  return character === '/' && style === 'short' ? '\\/' : short;
}

const plainText = fc
  .oneof(
    fc.constantFrom('true', 'false', '0', '-0', '1e5', '-1.5E-3', '12345678901234567890', '1.0', '[]', '{}'),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.json({ maxDepth: 3 }).filter((text) => /^[[{]/.test(text)),
    fc
      .json({ maxDepth: 2 })
      .map((text) => JSON.stringify([JSON.parse(text)], null, '\t').replaceAll('\n', ' ')),
  )
  .map((text): WrittenValue => ({ text, meaning: text }));

const value: fc.Arbitrary<WrittenValue> = fc.oneof(
  stringValue,
  plainText,
  fc.constant<WrittenValue>({ text: 'null', meaning: null }),
);

const keys = ['id', 'text', 'a"b', 'schlüssel', '{', 'embedding'];

/** The first object names all keys, so that however little of a file is its sample, it shows them. */
const first: WrittenObject = {
  text: JSON.stringify(Object.fromEntries(keys.map((key) => [key, null]))),
  values: new Map(keys.map((key) => [key, null])),
};

/** Objects of some of the same keys, in any order, written in many ways; never with a line feed. */
export const randomObjects: fc.Arbitrary<WrittenObject[]> = fc
  .array(
    fc
      .tuple(
        fc.shuffledSubarray(keys),
        fc.array(fc.tuple(value, space, space, space, fc.constantFrom('plain', 'hex')), {
          minLength: keys.length,
          maxLength: keys.length,
        }),
      )
      .map(([present, parts]) => ({
        text: `{${present
          .map((key, i) => {
            const [{ text }, before, between, behind, style] = parts[i]!;
            const name =
              style === 'hex'
                ? [...key].map((one) => written(one, 'hex')).join('')
                : JSON.stringify(key).slice(1, -1);
            return `${before}"${name}"${between}:${behind}${text}${before}`;
          })
          .join(',')}}`,
        values: new Map(present.map((key, i) => [key, parts[i]![0].meaning])),
      })),
    { minLength: 1, maxLength: 11 },
  )
  .map((objects) => [first, ...objects]);
