import { InvalidArgumentError } from 'commander';
import type { Filter } from '../../src/operations/search/filters.ts';

const form = 'It must be <key>=<value>, <key>>=<value> (also <=, >, <) or "<key> in <a>,<b>".';

/**
 * A flag that may be given several times: `year>=2024`, `section = games`, `section in games,editors`. The first
 * operator counts, so that a value may hold any. Where a blank stands before it, the one behind it is no part of the value.
 */
export function filter(text: string, previous: Filter[] = []): Filter[] {
  const [, key, blank, symbol, word, rest] =
    /^([^<>=]*?[^\s<>=])(\s*)(?:(>=|<=|=|>|<)|(?<=\s)(in)(?=\s))(.*)$/s.exec(text) ?? [];
  if (key === undefined || rest === undefined) throw new InvalidArgumentError(form);
  if (word !== undefined) return [...previous, { key, operator: '=', values: listOf(rest.trim()) }];
  const value = blank === '' ? rest : rest.trimStart();
  return [...previous, { key, operator: symbol as Filter['operator'], values: [value] }];
}

/** `games,editors`, or a JSON list where a value holds a comma. */
function listOf(text: string): string[] {
  const values = text.startsWith('[') ? jsonList(text) : text.split(',').map((value) => value.trim());
  if (values.includes('')) throw new InvalidArgumentError('A value in the list is empty.');
  return values;
}

function jsonList(text: string): string[] {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('The list is not JSON.');
  }
  if (!Array.isArray(values) || values.length === 0) throw new InvalidArgumentError('The list is empty.');
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
}
