import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';

const FILE = 'pgv.json';

/** What `pgv.json` in the working directory says: the least of all that name a database or a table. */
export interface Configuration {
  /** As -d takes it. */
  url?: string;
  /** As -t takes it. */
  table?: string;
}

/**
 * Reads `pgv.json` from the directory; undefined where there is none.
 * @throws UsageError when it is not an object of the known keys, each a string with something in it
 */
export function loadConfiguration(directory: string): Configuration | undefined {
  const file = join(directory, FILE);
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const content = parse(text, file);
  const configuration: Configuration = {};
  for (const [key, value] of Object.entries(content)) {
    if (key !== 'url' && key !== 'table') {
      throw new UsageError(`${FILE} has the unknown key "${key}"`, {
        file,
        hint: 'its keys are url and table',
      });
    }
    if (typeof value !== 'string' || value.trim() === '') {
      throw new UsageError(`${FILE}'s "${key}" is not a string with something in it`, {
        file,
        hint: `write {"${key}": "…"}`,
      });
    }
    configuration[key] = value;
  }
  return configuration;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UsageError(`${FILE} cannot be read: ${message}`, { file, cause: error });
  }
}

function parse(text: string, file: string): object {
  const hint = 'it holds one JSON object, such as {"url": "postgresql://localhost/app", "table": "docs"}';
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    // The parser's own message would quote the text, and the URL in it may hold a password.
    throw new UsageError(`${FILE} is not valid JSON`, { file, hint, cause: error });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UsageError(`${FILE} is not a JSON object`, { file, hint });
  }
  return content;
}
