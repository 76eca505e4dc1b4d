import type { Io, Sink } from '../io.ts';

/**
 * Whether a stream gets colours: --no-color, then FORCE_COLOR, then NO_COLOR (https://no-color.org), then whether
 * it is a terminal that can. FORCE_COLOR outdoes NO_COLOR as it does in Node itself.
 */
export function hasColor(stream: Sink, env: Io['env'], color: boolean): boolean {
  if (!color) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR) return false;
  return isCapableTerminal(stream, env);
}

/** Whether the cursor may be moved and colours changed: a terminal, and not a dumb one. */
export function isCapableTerminal(stream: Sink, env: Io['env']): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Whether more than ASCII can be shown, as the locale tells; one that says nothing is taken for UTF-8. */
export function hasUnicode(env: Io['env']): boolean {
  if (env.TERM === 'dumb' || env.TERM === 'linux') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return !locale || /utf-?8/i.test(locale);
}
