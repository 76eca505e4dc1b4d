import type { ManifestColumn, ManifestTable } from './manifest.ts';

/**
 * In what a table falls short of what a manifest tells of it, or goes beyond that, a line each; constraints and indexes
 * count by what they are, not by their names.
 */
export function differences(told: ManifestTable, found: ManifestTable): string[] {
  return [
    ...columnDifferences(told.columns, found.columns),
    ...definitionDifferences('constraint', told.constraints, found.constraints),
    ...definitionDifferences('index', told.indexes.map(asDefined), found.indexes.map(asDefined)),
  ];
}

function columnDifferences(told: readonly ManifestColumn[], found: readonly ManifestColumn[]): string[] {
  const lines = told.flatMap((column) => {
    const present = found.find(({ name }) => name === column.name);
    if (present === undefined) return [`column ${column.name} is missing`];
    return memberDifferences(column, present);
  });
  const more = found.filter(({ name }) => !told.some((column) => column.name === name));
  return [...lines, ...more.map(({ name }) => `column ${name} is not in the manifest`)];
}

function memberDifferences(told: ManifestColumn, found: ManifestColumn): string[] {
  const members: Record<string, (column: ManifestColumn) => string> = {
    type: ({ type }) => type,
    'NOT NULL': ({ notNull }) => (notNull ? 'set' : 'not set'),
    default: (column) => column.default ?? 'none',
    'generated as': ({ generated }) => generated?.expression ?? 'nothing',
    'numbered by': ({ numbered }) => numbered?.by ?? 'nothing',
    collation: ({ collation }) => collation ?? "its type's own",
  };
  return Object.entries(members).flatMap(([what, of]) =>
    of(told) === of(found) ? [] : [`column ${told.name}: ${what} is ${of(found)}, not ${of(told)}`],
  );
}

interface Defined {
  name: string;
  definition: string;
}

function definitionDifferences(noun: string, told: readonly Defined[], found: readonly Defined[]): string[] {
  const rest = [...found];
  const missing = told.filter(({ definition }) => {
    const at = rest.findIndex((each) => each.definition === definition);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  return [
    ...missing.map(({ name, definition }) => `${noun} ${name} is missing: ${definition}`),
    ...rest.map(({ name, definition }) => `${noun} ${name} is not in the manifest: ${definition}`),
  ];
}

const asDefined = ({ name, unique, definition }: ManifestTable['indexes'][number]): Defined => ({
  name,
  definition: `${unique ? 'UNIQUE ' : ''}${definition}`,
});
