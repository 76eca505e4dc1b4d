/** Reads a part of a JSON document as what it should be; `at` says where in the document it is. */
export type Shape<T> = (value: unknown, at: string) => T;

/** Some part of a document is not what it should be. */
export class WrongShape extends Error {
  constructor(at: string, expected: string) {
    super(`${at === '' ? 'it' : at} is not ${expected}`);
  }
}

export const text: Shape<string> = (value, at) => {
  if (typeof value === 'string') return value;
  throw new WrongShape(at, 'a text');
};

export const flag: Shape<boolean> = (value, at) => {
  if (typeof value === 'boolean') return value;
  throw new WrongShape(at, 'true or false');
};

/** A whole number from 0. */
export const count: Shape<number> = (value, at) => {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new WrongShape(at, 'a whole number');
};

/** A text that a pattern matches as a whole; `what` names it in messages. */
export function matching(pattern: RegExp, what: string): Shape<string> {
  return (value, at) => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw new WrongShape(at, what);
  };
}

export function constant<const T extends string | number>(wanted: T): Shape<T> {
  return (value, at) => {
    if (value === wanted) return wanted;
    throw new WrongShape(at, String(wanted));
  };
}

export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  return (value, at) => {
    const word = words.find((each) => each === value);
    if (word !== undefined) return word;
    throw new WrongShape(at, words.join(' or '));
  };
}

/** What may be null, and may be left out for it. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, at) => (value === null || value === undefined ? null : shape(value, at));
}

export function list<T>(shape: Shape<T>): Shape<T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw new WrongShape(at, 'a list');
    return value.map((each, i) => shape(each, `${at}[${i}]`));
  };
}

/** An object used as a dictionary. */
export function dictionary<T>(shape: Shape<T>): Shape<Record<string, T>> {
  return (value, at) => {
    const entries = Object.entries(objectAt(value, at));
    return Object.fromEntries(entries.map(([key, each]) => [key, shape(each, member(at, key))]));
  };
}

/** An object with these members; others are passed over. */
export function object<T extends object>(members: { [Key in keyof T]: Shape<T[Key]> }): Shape<T> {
  return (value, at) => {
    const given = objectAt(value, at);
    const entries = Object.entries<Shape<unknown>>(members);
    return Object.fromEntries(entries.map(([key, shape]) => [key, shape(given[key], member(at, key))])) as T;
  };
}

function objectAt(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new WrongShape(at, 'an object');
}

const member = (at: string, key: string): string => (at === '' ? key : `${at}.${key}`);
