import type { Parameters } from './keywords.ts';

/** One `-c name=value` for the server's command line, with the white space of the value escaped. */
export function serverOption(name: string, value: string): string {
  return `-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`;
}

/** Adds a server setting behind those in `options`; of two settings of one name the server takes the last. */
export function appendOption(parameters: Parameters, name: string, value: string): void {
  const before = parameters.get('options');
  const option = serverOption(name, value);
  parameters.set('options', before ? `${before} ${option}` : option);
}
