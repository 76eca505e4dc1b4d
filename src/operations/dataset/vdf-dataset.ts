import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { DataError, UsageError } from '../../errors.ts';
import { parseVdfMeta, type VdfNamespace, vdfMetaName } from '../../formats/read/vdf/meta.ts';
import type { Reporter } from '../../progress.ts';
import { openingError } from '../../source.ts';
import { quoteName } from '../../sql/identifiers.ts';
import type { Metric } from '../../vector/metrics.ts';
import type { Dataset, DatasetRequest } from './dataset.ts';
import { inputsOf } from './inputs.ts';
import { unionMaker } from './union-maker.ts';

/**
 * The files of one namespace of a dataset in the vector data format (src/formats/read/vdf/meta.ts).
 * @param argument the folder
 * @throws UsageError where there are several to choose from; DataError where the dataset is not whole
 */
export async function vdfDataset(
  argument: string,
  cwd: string,
  request: DatasetRequest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Dataset> {
  const name = path.join(argument, vdfMetaName);
  const content = await readFile(path.resolve(cwd, name), 'utf8').catch((error: unknown) => {
    throw openingError(error, name);
  });
  const { idColumn, namespaces } = parseVdfMeta(content, name);
  const chosen = choose(namespaces, request.dataset, name);
  const files = await parquetFiles(path.join(argument, chosen.dataPath), cwd, name);
  if (files.length === 0) {
    throw new DataError(
      `${labelOf(chosen)} has no vectors: there is no file of Parquet in ${chosen.dataPath}`,
      {
        code: 'no-rows',
        file: name,
      },
    );
  }
  const renamesId = idColumn !== 'id' && !request.map?.some(([source]) => source === idColumn);
  const map = [...(request.map ?? []), ...(renamesId ? [[idColumn, 'id'] as const] : [])];
  const table = quoteName(chosen.index);
  const inputs = await inputsOf(files, cwd);
  const metric = metrics[chosen.metric ?? ''];
  if (metric !== undefined) {
    const named = request.table ?? chosen.index;
    reporter.note(
      `${labelOf(chosen)} was searched by ${metric}: \`pgv index create -t ${named} --metric ${metric}\``,
    );
  }
  const mapping = { ...request, map, table: request.table ?? table };
  return {
    inputs,
    table,
    options: {
      format: 'parquet',
      dataset: undefined,
      map,
      maker: unionMaker(inputs, chosen, mapping, reporter, signal),
    },
  };
}

/** vector-io's names are those of Qdrant. */
const metrics: Record<string, Metric> = { Cosine: 'cosine', Euclid: 'l2', Dot: 'ip', Manhattan: 'l1' };

/** The only namespace, or the one that --dataset names. */
function choose(namespaces: readonly VdfNamespace[], wanted: string | undefined, name: string): VdfNamespace {
  if (namespaces.length === 0) {
    throw new DataError(`${name} tells of no index`, { code: 'no-rows', file: name });
  }
  const found = namespaces.filter(
    (each) => wanted === undefined || wanted === each.index || wanted === labelOf(each),
  );
  // An index's own namespace is called as the index is.
  const exact = wanted === undefined ? found : found.filter((each) => labelOf(each) === wanted);
  const candidates = exact.length > 0 ? exact : found;
  if (candidates.length === 1) return candidates[0]!;
  const [label] = namespaces.map(labelOf);
  const labels = namespaces.map(labelOf).join(', ');
  if (candidates.length === 0) {
    throw new UsageError(`--dataset names ${wanted}, which ${name} has not`, {
      code: 'no-dataset',
      hint: `it has ${labels}`,
    });
  }
  throw new UsageError(`${name} tells of ${candidates.length} sets of vectors: ${labels}`, {
    code: 'ambiguous-dataset',
    hint: `choose one, for example --dataset ${label}; into one table with -t, and --set namespace=<name> tells them apart`,
  });
}

/** `index`, or `index/namespace`. */
function labelOf({ index, namespace }: VdfNamespace): string {
  return namespace === '' ? index : `${index}/${namespace}`;
}

/** All files of Parquet in a folder and those below it, or the one that is named; `2.parquet` before `10.parquet`. */
async function parquetFiles(named: string, cwd: string, meta: string): Promise<string[]> {
  const location = path.resolve(cwd, named);
  const stats = await stat(location).catch(() => undefined);
  if (stats === undefined) {
    throw new DataError(`${named} is not there, and ${meta} tells of it`, {
      code: 'file-missing',
      file: named,
      hint: 'copy the whole folder of the export',
    });
  }
  if (!stats.isDirectory()) return [named];
  const found: string[] = [];
  for (const name of await readdir(location, { recursive: true })) {
    // A folder may be called so too: older versions of vector-io do.
    const isFile = async () => (await stat(path.join(location, name))).isFile();
    if (name.endsWith('.parquet') && (await isFile())) found.push(path.join(named, name));
  }
  return found.sort(new Intl.Collator('en', { numeric: true }).compare);
}
