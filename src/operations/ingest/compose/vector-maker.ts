import {
  type Batch,
  type BytesColumn,
  type Column,
  isValid,
  type SparseVectorColumn,
} from '../../../batch.ts';
import { utf8Reader } from '../../../values/bytes-reader.ts';
import { converter, densify } from '../../../vector/convert.ts';
import { formReader } from '../../../vector/form-reader.ts';
import { type FloatColumn, Transformer } from '../../../vector/transform.ts';
import { vectorText } from '../../../vector/vector-text.ts';
import type { ColumnSource, EmbeddedSource, VectorSource } from './composition.ts';
import { gatherer } from './gather.ts';
import { pathTaker } from './json-path.ts';
import { type Maker, type NumberOf, type Refuse, readTexts, textPart } from './maker.ts';
import type { MakerOptions } from './makers.ts';

/** Read, transformed, converted to what the column holds; on the text road, written as PostgreSQL reads it. */
export function vectorMaker(
  { from, transform, type }: ColumnSource & { kind: 'vector' },
  { road, onTransformer, embedded }: Pick<MakerOptions, 'road' | 'onTransformer' | 'embedded'>,
): Maker {
  const vectors = from.kind === 'embedded' ? embedded!.reader(from) : floatsOf(from);
  const transformer = new Transformer(transform);
  onTransformer(transformer);
  const convert = converter(type);
  const write = vectorTexts();
  const typed: Maker = (batch, refuse, numberOf) => {
    const { rows } = batch;
    const column = vectors(batch, refuse, numberOf);
    if (column.kind === 'sparsevec' && type === 'sparsevec') return transformer.sparse(column, rows, refuse);
    const floats = column.kind === 'sparsevec' ? densify(column, rows, refuse) : column;
    return convert(transformer.dense(floats, rows, refuse), rows, refuse);
  };
  if (road === 'binary') return typed;
  return (batch, refuse, numberOf) => write(typed(batch, refuse, numberOf), batch.rows);
}

type Vectors = (batch: Batch, refuse: Refuse, numberOf: NumberOf) => FloatColumn | SparseVectorColumn;

function floatsOf(from: Exclude<VectorSource, EmbeddedSource>): Vectors {
  if (from.kind === 'gathered') {
    const gather = gatherer(from.names);
    return (batch, refuse) =>
      gather(
        from.parts.map((part) => textPart(batch, part)),
        batch.rows,
        refuse,
      );
  }
  const reader = formReader(from.form);
  const read = (column: Column, rows: number, refuse: Refuse) =>
    (column.kind === 'utf8' ? readTexts(column, rows, reader, refuse, 'vector') : column) as
      | FloatColumn
      | SparseVectorColumn;
  if (from.kind === 'part') {
    return ({ columns, rows }, refuse) => read(columns[from.part]!, rows, refuse);
  }
  const take = pathTaker(from.path, false);
  return (batch, refuse) =>
    read(take(textPart(batch, from.path.part), batch.rows, refuse), batch.rows, refuse);
}

function vectorTexts(): (column: Column, rows: number) => BytesColumn {
  const out = utf8Reader();
  return (column, rows) => {
    out.take();
    for (let row = 0; row < rows; row++) {
      if (!isValid(column.validity, row)) {
        out.readNull();
        continue;
      }
      const bytes = Buffer.from(vectorText(column as Parameters<typeof vectorText>[0], row));
      out.read(bytes, 0, bytes.length);
    }
    return out.take() as BytesColumn;
  };
}
