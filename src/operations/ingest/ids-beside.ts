import { stat } from 'node:fs/promises';
import path from 'node:path';
import { formatOf, readFormat, readFormats } from '../../formats/read/formats.ts';
import { openFile } from '../../source.ts';
import { compressionEndings, withoutCompression } from '../../sources/decompress.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import { isUrl } from '../../sources/url.ts';
import { rowField } from './implied-fields.ts';
import type { MappingOptions } from './mapping.ts';

/** What says whether a file's ids are taken from the file beside it. */
export interface IdsOptions extends Pick<MappingOptions, 'columns' | 'map'> {
  format?: string | undefined;
}

/** Where the ids of `docs.npy` may be: `docs.ids.npy`; first of all compressed as it is, or not as it is not. */
function idsNames(name: string): string[] {
  const plain = withoutCompression(name);
  const { dir, name: base } = path.parse(plain);
  const own = name.slice(plain.length);
  return [...new Set([own, '', ...compressionEndings])].map((ending) =>
    path.join(dir, `${base}.ids.npy${ending}`),
  );
}

/** Whether it is a file of vectors, by its name or by --format. */
function hasIdsBeside({ fileName, location, once }: NamedInput, { format }: IdsOptions): boolean {
  const known = format === undefined ? formatOf(withoutCompression(fileName)) : readFormat(format);
  return known?.idsBeside === true && !once && !isUrl(location);
}

/**
 * The file that lies beside an input of vectors and has their ids; undefined where there is none, and where the user
 * takes other fields: --columns without id, or the row's number.
 */
export async function idsBeside(input: NamedInput, options: IdsOptions): Promise<NamedInput | undefined> {
  const { columns, map = [] } = options;
  const takesNumber = map.some(([source]) => source === rowField);
  const wanted = columns === undefined ? !takesNumber : columns.includes('id');
  if (!wanted || !hasIdsBeside(input, options)) return undefined;
  const names = idsNames(input.name);
  for (const [i, location] of idsNames(input.location).entries()) {
    const name = names[i]!;
    if (!(await isFile(location))) continue;
    return {
      name,
      location,
      fileName: path.basename(name),
      once: false,
      open: () => openFile(location, name),
    };
  }
  return undefined;
}

/**
 * The inputs without those that have the ids of a file of vectors, which is another input or lies beside: a pattern such
 * as *.npy names them with the others. One that is named alone is what is meant.
 */
export async function withoutIds(
  inputs: readonly NamedInput[],
  note: (line: string) => void,
): Promise<NamedInput[]> {
  if (inputs.length < 2) return [...inputs];
  const kept: NamedInput[] = [];
  for (const input of inputs) {
    const owner = await ownerOf(input);
    if (owner === undefined) kept.push(input);
    else note(`${input.name} has the ids of ${owner}, and is no input of its own`);
  }
  return kept;
}

/** The name of the file whose ids an input has: of `docs.ids.npy`, docs.npy or docs.fvecs, where there is one. */
async function ownerOf({ name, location, once }: NamedInput): Promise<string | undefined> {
  const base = /^(.*)\.ids\.npy$/.exec(path.basename(withoutCompression(location)))?.[1];
  if (base === undefined || once || isUrl(location)) return undefined;
  const extensions = readFormats.flatMap((format) => (format.idsBeside ? format.extensions : []));
  for (const extension of extensions) {
    for (const ending of ['', ...compressionEndings]) {
      const owner = `${base}${extension}${ending}`;
      if (await isFile(path.join(path.dirname(location), owner))) return path.join(path.dirname(name), owner);
    }
  }
  return undefined;
}

async function isFile(location: string): Promise<boolean> {
  return stat(location).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
