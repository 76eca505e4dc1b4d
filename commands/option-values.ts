import { InvalidArgumentError } from 'commander';
import { type Metric, metricNames, parseMetric } from '../src/vector/metrics.ts';

/** A flag's argument as a whole number within bounds: `command.option('-k <n>', …, wholeNumber({ min: 1 }), 10)`. */
export function wholeNumber(bounds: { min?: number; max?: number } = {}): (text: string) => number {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number${between(bounds)}.`);
    }
    return value;
  };
}

/** A flag's argument as a finite number within bounds; `1e-3` is one, an empty string is not. */
export function decimalNumber(bounds: { min?: number; max?: number } = {}): (text: string) => number {
  const { min = -Infinity, max = Infinity } = bounds;
  return (text) => {
    const value = Number(text);
    const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
    if (!decimal || !Number.isFinite(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a number${between(bounds)}.`);
    }
    return value;
  };
}

const bytesIn = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/** A flag's argument as a size in bytes, in PostgreSQL's own units (1 kB is 1024 bytes): `512MB`, `2GB`. */
export function byteSize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text) ?? [];
  const factor = Object.entries(bytesIn).find(([name]) => name.toLowerCase() === unit?.toLowerCase())?.[1];
  const bytes = Math.round(Number(digits) * (factor ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new InvalidArgumentError('It must be a size with its unit, such as 512MB or 2GB.');
  }
  return bytes;
}

const millisecondsIn = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
/** What PostgreSQL takes: 24 days and some. */
const mostMilliseconds = 2 ** 31 - 1;

/** A flag's argument as a time in whole milliseconds, from ms to d as PostgreSQL names them: `500ms`, `30s`, `5min`; `0` is none. */
export function timeSpan(text: string): number {
  if (text === '0') return 0;
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(text) ?? [];
  const factor = Object.entries(millisecondsIn).find(([name]) => name === unit)?.[1];
  const milliseconds = Math.round(Number(digits) * (factor ?? Number.NaN));
  if (milliseconds > mostMilliseconds) throw new InvalidArgumentError('It must be at most 24d.');
  if (!(milliseconds >= 1)) {
    throw new InvalidArgumentError(
      'It must be a time of at least 1ms with its unit (ms, s, min, h or d), such as 500ms, 30s or 5min, or 0.',
    );
  }
  return milliseconds;
}

/** A flag's argument as names with commas between them: `id,title,embedding`; none may be empty or there twice. */
export function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('A name in the list is empty.');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} is in the list twice.`);
  return names;
}

/** A flag that may be given several times, each time as `<key>=<value>`: gathers the pairs in order. */
export function keyValue(text: string, previous: [string, string][] = []): [string, string][] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It must be <key>=<value>.');
  return [...previous, [text.slice(0, equals), text.slice(equals + 1)]];
}

/** As `keyValue`, where the value is a name or a type: none may be empty. */
export function keyName(text: string, previous?: [string, string][]): [string, string][] {
  if (text.indexOf('=') === text.length - 1) throw new InvalidArgumentError('It must be <key>=<value>.');
  return keyValue(text, previous);
}

/** A flag's argument as a metric; `euclidean` and `inner_product` are understood. */
export function metric(text: string): Metric {
  const parsed = parseMetric(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError(`It must be one of ${metricNames.join(', ')}.`);
}

function between({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` from ${min} up`;
  if (max !== undefined) return ` of at most ${max}`;
  return '';
}
