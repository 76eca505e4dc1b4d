import path from 'node:path';
import { DataError } from '../../../errors.ts';
import { dictionary, list, nullable, object, type Shape, text, WrongShape } from '../../../json-shape.ts';

/** The file that makes a folder a dataset. */
export const vdfMetaName = 'VDF_META.json';

/**
 * A dataset in the vector data format of vector-io: a folder with VDF_META.json and files of Parquet, a set of files for
 * each namespace of each index. Only what tells of rows is read.
 * https://github.com/AI-Northstar-Tech/vector-io#universal-vector-dataset-format-vdf-specification
 */
export interface VdfMeta {
  /** The field that is every row's id. */
  idColumn: string;
  namespaces: VdfNamespace[];
}

/** Rows that were together: a namespace of an index, or all of an index that has none. */
export interface VdfNamespace {
  index: string;
  /** Empty: the index's own. */
  namespace: string;
  /** From the dataset's folder: a folder with files of Parquet in it, or one such file. */
  dataPath: string;
  vectorColumns: string[];
  /** Undefined where it is not known. */
  dimensions: number | undefined;
  /** As vector-io has it: `Cosine`, `Euclid`, `Dot`, `Manhattan`. */
  metric: string | null;
}

interface Namespace {
  namespace: string | null;
  data_path: string;
  vector_columns: string[] | null;
  dimensions: number | null;
  metric: string | null;
}

interface Meta {
  id_column: string | null;
  indexes: Record<string, Namespace[]>;
}

/** −1 where the exporter did not know. */
const dimensions: Shape<number> = (value, at) => {
  if (typeof value === 'number') return value;
  throw new WrongShape(at, 'a number');
};

const meta = object<Meta>({
  id_column: nullable(text),
  indexes: dictionary(
    list(
      object<Namespace>({
        namespace: nullable(text),
        data_path: text,
        vector_columns: nullable(list(text)),
        dimensions: nullable(dimensions),
        metric: nullable(text),
      }),
    ),
  ),
});

/**
 * Reads what VDF_META.json holds.
 * @param name as messages call the file
 * @throws DataError where it is no such file, or names files outside of its folder
 */
export function parseVdfMeta(content: string, name: string): VdfMeta {
  try {
    const { id_column, indexes } = meta(JSON.parse(content), '');
    const namespaces = Object.entries(indexes).flatMap(([index, all]) =>
      all.map((each) => namespaceOf(index, each)),
    );
    return { idColumn: id_column ?? 'id', namespaces };
  } catch (error) {
    if (!(error instanceof WrongShape) && !(error instanceof SyntaxError)) throw error;
    throw new DataError(`${name} cannot be read: ${error.message}`, {
      code: 'bad-vdf',
      file: name,
      hint: 'it is to be as vector-io writes it, with `indexes`, and a `data_path` for each namespace',
    });
  }
}

function namespaceOf(index: string, told: Namespace): VdfNamespace {
  const dataPath = path.posix.normalize(told.data_path);
  if (path.posix.isAbsolute(dataPath) || dataPath.split('/')[0] === '..' || dataPath.includes('\\')) {
    throw new WrongShape(`data_path ${told.data_path}`, 'in the folder of the dataset');
  }
  const known = Number.isInteger(told.dimensions) && told.dimensions! > 0;
  return {
    index,
    namespace: told.namespace ?? '',
    dataPath,
    vectorColumns: told.vector_columns ?? ['vector'],
    dimensions: known ? told.dimensions! : undefined,
    metric: told.metric,
  };
}
