import { Readable } from 'node:stream';
import type { Source } from '../../source.ts';
import { type NamedInput, resolveInputs } from '../../sources/inputs.ts';

/** The files of a dataset, as arguments name them. @throws UsageError where one is not there */
export function inputsOf(files: readonly string[], cwd: string): Promise<NamedInput[]> {
  return resolveInputs(files, { cwd, stdin: Readable.from([]) }, () => {});
}

/**
 * In the place of a file that is known to be empty, and not by accident: the columns' names as CSV, which is a file
 * without rows to those who read it.
 */
export function withoutRows(input: NamedInput, columns: readonly string[]): NamedInput {
  const header = columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
  const content = Buffer.from(`${header}\n`);
  return { ...input, open: async () => bytesSource(content, input.name) };
}

function bytesSource(content: Uint8Array, name: string): Source {
  let position = 0;
  const readAt = async (target: Uint8Array, from: number): Promise<number> => {
    const part = content.subarray(from, from + target.length);
    target.set(part);
    return part.length;
  };
  return {
    name,
    byteLength: content.length,
    modified: '',
    read: async (target) => {
      const length = await readAt(target, position);
      position += length;
      return length;
    },
    readAt,
    close: async () => {},
  };
}
