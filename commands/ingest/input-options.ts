import { type Command, Option } from 'commander';
import { readFormats } from '../../src/formats/read/formats.ts';
import { vdfFormat } from '../../src/operations/dataset/dataset.ts';
import { wholeNumber } from '../option-values.ts';

export interface InputFlags {
  format?: string;
  delimiter?: string;
  quote?: string;
  escape?: string;
  null?: string;
  /** False with --no-header. */
  header: boolean;
  encoding?: string;
  dataset?: string | undefined;
  limit?: number;
}

/** How the input is written, and how much of it is meant. */
export function addInputOptions(command: Command): Command {
  return command
    .optionsGroup('How the input is written:')
    .addOption(
      new Option('--format <name>', "of the input (default: by the file's name)").choices([
        ...readFormats.map(({ name }) => name),
        vdfFormat,
      ]),
    )
    .option('--delimiter <char>', 'between fields (default: a comma)')
    .option('--quote <char>', 'round fields (default: ")')
    .option('--escape <char>', 'before a quote within quotes (default: the quote)')
    .option('--null <text>', 'an unquoted field that means NULL (default: an empty one)')
    .option('--no-header', 'the first line holds values already')
    .option('--encoding <name>', 'of a text that is not UTF-8: windows-1252, utf-16le, shift_jis …')
    .option(
      '--dataset <name>',
      'which array of an npz or HDF5 file (default: the one of vectors, train), or which <index>[/<namespace>] of a VDF folder',
    )
    .option('--limit <n>', 'the first rows of the file alone', wholeNumber({ min: 1 }));
}

/** Flags by which the same file is read otherwise, and is another load. */
const dialect = ['format', 'delimiter', 'quote', 'escape', 'null', 'encoding', 'dataset', 'header'] as const;

export function dialectOf(options: InputFlags): Record<string, unknown> {
  return Object.fromEntries(dialect.map((name) => [name, options[name]]));
}
