import { UsageError } from '../../../errors.ts';
import type { DecodedColumn, OpenedFile } from '../../../formats/read/format.ts';
import type { ValueType } from '../../../values/types.ts';
import { formExamples, type VectorForm, writtenVector } from '../../../vector/forms.ts';
import type { VectorType } from '../../../vector/metrics.ts';
import type { VectorTransform } from '../../../vector/transform.ts';
import type { ColumnDescription } from '../../tables.ts';
import { valueType } from '../../value-type.ts';
import type { ColumnSource, ComposedColumn, ObjectMember, VectorSource } from '../compose/composition.ts';
import type { MappedColumn } from '../mapping.ts';
import { type ColumnOrigin, sampleOf } from './column-origin.ts';
import { changesVectors, checkVectorColumn, chosenVector, type VectorOptions } from './vector-options.ts';

type FieldOrigin = ColumnOrigin & { kind: 'field' | 'path' };

/** How the table's columns are decoded, and made of what was decoded. */
export interface ColumnPlan {
  /** What the format's decoder reads; the parts of composed columns. */
  decoded: DecodedColumn[];
  /** The table's columns in their order; undefined where they are the decoded ones. */
  composed: ComposedColumn[] | undefined;
  /** What a person should know of it. */
  notes: string[];
}

/**
 * Plans a load of the mapped columns: a field that is read straight into its column needs no more than its decoder.
 * @param columns the table's, one for each that is mapped
 * @param inferred names of columns whose type the sample suggested
 * @throws UsageError where the vector options do not fit the table
 */
export function planColumns(
  file: OpenedFile,
  mapped: readonly MappedColumn[],
  columns: readonly ColumnDescription[],
  inferred: ReadonlySet<string>,
  options: VectorOptions,
): ColumnPlan {
  const planner = new Planner(file, inferred, chosenColumn(columns, options), options);
  const composed = mapped.map((each, i): ComposedColumn => {
    const column = columns[i]!;
    return { name: column.name, source: planner.source(each, column) };
  });
  const { decoded, notes } = planner;
  const plain = composed.every(({ source }, i) => source.kind === 'part' && source.part === i);
  if (!plain && file.valuesBy) throw cannotCompose(file, composed);
  return { decoded, composed: plain ? undefined : composed, notes };
}

/** The columns that hold just what a field of the file does, and that field. */
export function plainColumns(
  { decoded, composed }: ColumnPlan,
  columns: readonly ColumnDescription[],
): { field: number; column: ColumnDescription }[] {
  return columns.flatMap((column, i) => {
    const source: ColumnSource = composed === undefined ? { kind: 'part', part: i } : composed[i]!.source;
    return source.kind === 'part' ? [{ field: decoded[source.part]!.field, column }] : [];
  });
}

/** The column that the vector options are about, which it must fit. */
function chosenColumn(columns: readonly ColumnDescription[], options: VectorOptions): string | undefined {
  // A bit column may hold anything, unless it is said that it holds vectors.
  const isMeant = ({ vector, name }: ColumnDescription) =>
    vector !== undefined && (vector !== 'bit' || options.type === 'bit' || name === options.vectorColumn);
  const candidates = columns.filter(isMeant);
  const chosen = chosenVector(
    candidates.map(({ name }) => name),
    options,
  );
  const column = candidates.find(({ name }) => name === chosen);
  if (column !== undefined) checkVectorColumn(column, options);
  return chosen;
}

class Planner {
  readonly decoded: DecodedColumn[] = [];
  readonly notes: string[] = [];
  private readonly file: OpenedFile;
  private readonly inferred: ReadonlySet<string>;
  private readonly chosen: string | undefined;
  private readonly options: VectorOptions;

  constructor(
    file: OpenedFile,
    inferred: ReadonlySet<string>,
    chosen: string | undefined,
    options: VectorOptions,
  ) {
    this.file = file;
    this.inferred = inferred;
    this.chosen = chosen;
    this.options = options;
  }

  source(mapped: MappedColumn, column: ColumnDescription): ColumnSource {
    const { origin } = mapped;
    const type = valueType(column);
    if (origin.kind === 'constant') return { kind: 'constant', text: origin.text, type };
    if (origin.kind === 'object') return { kind: 'object', members: this.members(origin, column.name), type };
    if (origin.kind === 'embedded') return this.embedded(mapped.source, origin, column);
    const isVector = column.vector !== undefined && (column.vector !== 'bit' || column.name === this.chosen);
    if (isVector || origin.kind === 'gathered') {
      const vectors = this.vectorSource(mapped, origin, column, type);
      if (vectors !== undefined) return vectors;
    }
    if (origin.kind === 'path') {
      const path = { part: this.part(column.name, origin.field, jsonText), steps: origin.steps };
      return { kind: 'path', path, type };
    }
    const { field } = origin as ColumnOrigin & { kind: 'field' };
    return { kind: 'part', part: this.part(column.name, field, type, this.inferred.has(column.name)) };
  }

  /** @throws UsageError where its vectors do not have the column's dimensions */
  private embedded(
    source: string,
    { field, steps, dimensions }: ColumnOrigin & { kind: 'embedded' },
    column: ColumnDescription,
  ): ColumnSource {
    const { length } = valueType(column);
    const transform = this.transformOf(column, length);
    const { cut = dimensions } = transform;
    if (cut > dimensions || (length !== undefined && cut !== length)) {
      throw new UsageError(
        `${source} makes vectors of ${dimensions} dimensions, and column ${column.name} is ${column.declared}`,
        {
          code: 'wrong-dimensions',
          column: column.name,
          hint:
            dimensions > (length ?? 0) && length !== undefined
              ? `--dimensions ${length} cuts them (Matryoshka), where the model is made for that; else choose another model`
              : 'choose another model',
        },
      );
    }
    const part = this.part(column.name, field, steps === undefined ? plainText : jsonText);
    const from: VectorSource = { kind: 'embedded', part, steps };
    return { kind: 'vector', from, transform, type: column.vector as VectorType };
  }

  private transformOf({ name }: ColumnDescription, length: number | undefined): VectorTransform {
    const mine = name === this.chosen && changesVectors(this.options);
    const { dimensions: cut, normalize } = mine ? this.options : {};
    return { cut, normalize, length };
  }

  /** Undefined where the column's own reader reads the vectors as they are. */
  private vectorSource(
    mapped: MappedColumn,
    origin: FieldOrigin | (ColumnOrigin & { kind: 'gathered' }),
    column: ColumnDescription,
    type: ValueType,
  ): ColumnSource | undefined {
    const vector = column.vector as VectorType;
    const transform = this.transformOf(column, type.length);
    const { cut, normalize } = transform;
    const changes = cut !== undefined || normalize === true;
    if (origin.kind === 'gathered') {
      const parts = origin.fields.map((field, i) => this.part(origin.names[i]!, field, plainText));
      if (!origin.numbered) {
        this.notes.push(`the dimensions of ${column.name} are ${range(origin.names)}, in the file's order`);
      }
      return {
        kind: 'vector',
        from: { kind: 'gathered', parts, names: origin.names },
        transform,
        type: vector,
      };
    }
    const first = sampleOf(origin, this.file).values.find((value) => value !== null) ?? '';
    const form = writtenVector(first)?.form;
    const own: VectorForm = vector === 'sparsevec' ? 'sparse' : 'list';
    if (form === undefined && vector === 'bit') return undefined;
    if (!changes && (form === undefined || form === own) && vector !== 'bit') return undefined;
    if (form !== undefined && form !== 'list' && form !== own) {
      this.notes.push(`the vectors of ${mapped.source} are read as they are written: ${formExamples[form]}`);
    }
    const from = this.vectorPart(origin, column, type, form ?? own, cut);
    return { kind: 'vector', from, transform, type: vector };
  }

  private vectorPart(
    origin: FieldOrigin,
    column: ColumnDescription,
    { length }: ValueType,
    form: VectorForm,
    cut: number | undefined,
  ): VectorSource {
    if (origin.kind === 'path') {
      const path = { part: this.part(column.name, origin.field, jsonText), steps: origin.steps };
      return { kind: 'path', path, form };
    }
    // Floats as the format has them, or pgvector's own text, go straight into a typed column.
    const typed = form === 'list' || (form === 'sparse' && column.vector === 'sparsevec');
    const name = form === 'sparse' ? 'sparsevec' : 'vector';
    const type = typed ? { name, length: cut === undefined ? length : undefined } : plainText;
    return { kind: 'part', part: this.part(column.name, origin.field, type), form };
  }

  private members({ fields, names }: ColumnOrigin & { kind: 'object' }, column: string): ObjectMember[] {
    const { fieldCount, otherFields } = this.file;
    const members = fields.map((field, i): ObjectMember => {
      const values = this.valuesIn(field);
      const type = values === 'json' ? jsonText : plainText;
      return { part: this.part(names[i]!, field, type), key: names[i]!, values };
    });
    if (!otherFields) return members;
    const others: ObjectMember = {
      part: this.part(column, fieldCount, jsonText),
      key: '',
      values: 'members',
    };
    return [...members, others];
  }

  /** Of a file whose format knows no types, numbers are told by their looks. */
  private valuesIn(field: number): ObjectMember['values'] {
    if (this.file.kinds !== undefined) return 'json';
    const declared = this.file.types?.[field];
    if (declared === undefined) return 'text';
    if (/^(?:jsonb?|vector|halfvec)\b|\[\]$/.test(declared)) return 'json';
    return numericTypes.test(declared) ? 'text' : 'string';
  }

  private part(name: string, field: number, type: ValueType, inferred = false): number {
    return this.decoded.push({ name, field, type, inferred }) - 1;
  }
}

const plainText: ValueType = { name: 'text' };
/** A value as JSON writes it. */
const jsonText: ValueType = { name: 'json' };
const numericTypes =
  /^(?:smallint|integer|bigint|real|double precision|numeric|boolean|int\d|float\d|bool)\b/;

function range(names: readonly string[]): string {
  return names.length > 3 ? `${names[0]}, ${names[1]} … ${names.at(-1)}` : names.join(', ');
}

function cannotCompose(file: OpenedFile, composed: readonly ComposedColumn[]): UsageError {
  const column = composed.find(({ source }) => source.kind !== 'part')!.name;
  return new UsageError(
    `${file.layout.file} holds values in binary, which go into ${column} as they are or not`,
    {
      code: 'binary-values',
      column,
      hint: 'load the file as it is into a table of its own, and change that with SQL',
    },
  );
}
