import { UsageError } from '../../src/errors.ts';
import type { TextOptions, WriteFormat } from '../../src/formats/write/format.ts';

/** The flags of text formats. */
export interface TextFlags {
  header: boolean;
  null?: string;
  delimiter?: string;
}

/** The options of text formats; @throws UsageError for what COPY would not take, or the format has not. */
export function textOptions(flags: TextFlags, format: WriteFormat): TextOptions {
  const given = {
    header: flags.header ? undefined : '--no-header',
    null: flags.null === undefined ? undefined : '--null',
    delimiter: flags.delimiter === undefined ? undefined : '--delimiter',
  };
  const strange = Object.entries(given).filter(
    ([name, flag]) => flag !== undefined && !format.textOptions.includes(name as keyof TextOptions),
  );
  if (strange.length > 0) {
    throw new UsageError(
      `${strange.map(([, flag]) => flag).join(', ')} cannot be used with --format ${format.name}`,
    );
  }
  const delimiter =
    flags.delimiter === '\\t' ? '\t' : (flags.delimiter ?? (format.name === 'tsv' ? '\t' : ','));
  if (!/^[\t\x20\x21\x23-\x7e]$/.test(delimiter)) {
    throw new UsageError('--delimiter takes one ASCII character, and no double quote', {
      hint: '\\t stands for a tab',
    });
  }
  const asNull = flags.null ?? '';
  if (/["\r\n]/.test(asNull) || asNull.includes(delimiter)) {
    throw new UsageError('--null cannot hold a quote, a line end or the delimiter');
  }
  return { header: flags.header, null: asNull, delimiter };
}
