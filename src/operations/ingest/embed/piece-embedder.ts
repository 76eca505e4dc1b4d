import { type BytesColumn, isValid, type Piece } from '../../../batch.ts';
import { Embedder, type EmbedderOptions } from '../../../embed/embedder.ts';
import { DatabaseError, DataError } from '../../../errors.ts';
import type { PieceDecoder } from '../../../formats/read/format.ts';
import { readFormat } from '../../../formats/read/formats.ts';
import type { EmbeddedSource } from '../compose/composition.ts';
import { pathTaker } from '../compose/json-path.ts';
import { textPart } from '../compose/maker.ts';
import { LimitingDecoder } from '../limit.ts';
import type { Recipe, RecipeEmbedding } from '../recipe.ts';
import { type Embedded, EmbeddedTexts } from './embedded-texts.ts';

/** A text, and where its vector goes. */
interface Place {
  text: string;
  column: string;
  row: number;
  rows: Map<number, Embedded>;
}

interface TextReader {
  column: string;
  source: EmbeddedSource;
  /** Of the piece's texts, as the decoder here gives them. */
  take: (column: BytesColumn, rows: number) => BytesColumn;
}

/**
 * Embeds the texts of pieces before they are stored, so that no transaction waits for the endpoint, and one that has to
 * be begun again finds the vectors there.
 */
export class PieceEmbedder {
  /** What has been embedded of the last piece. */
  readonly embedded: EmbeddedTexts;
  private readonly recipe: Recipe;
  private readonly embedding: RecipeEmbedding;
  private readonly embedder: Embedder;
  private readonly readers: readonly TextReader[];
  private readonly decoder: PieceDecoder;

  constructor(recipe: Recipe, embedding: RecipeEmbedding, options: EmbedderOptions) {
    const { layout, columns, session } = recipe;
    this.recipe = recipe;
    this.embedding = embedding;
    this.embedded = new EmbeddedTexts(embedding.dimensions);
    this.embedder = new Embedder(embedding.endpoint, options);
    this.readers = readersOf(recipe);
    const parts = this.readers.map(({ source }) => columns[source.part]!);
    this.decoder = new LimitingDecoder(readFormat(layout.format)!.decoder(layout, parts, 'text', session));
  }

  /**
   * Has the piece's texts embedded, but for those that are NULL or blank: they have no vector.
   * @returns how many these are
   * @throws DataError with file, row and column for a text that is refused, where that ends the load; UsageError,
   * DatabaseError where the endpoint embeds nothing
   */
  async embed(piece: Piece): Promise<number> {
    const { embedder, embedding, recipe } = this;
    const { places, blank } = this.places(piece);
    const texts = places.map(({ text }) => text);
    const vectors = await embedder.embed(texts, (i, reason) => {
      const { column, row, rows } = places[i]!;
      const message = `the endpoint does not embed the text: it answers ${reason}`;
      if (recipe.onError === 'skip') rows.set(row, message);
      else throw new DataError(message, { code: 'text-refused', file: recipe.layout.file, row, column });
    });
    for (const [i, { row, rows }] of places.entries()) {
      const vector = vectors[i];
      if (vector === undefined) continue;
      if (vector.length !== embedding.dimensions) throw otherDimensions(embedding, vector.length);
      rows.set(row, vector);
    }
    return blank;
  }

  private places(piece: Piece): { places: Place[]; blank: number } {
    const { readers, decoder, embedded, recipe } = this;
    const targets = readers.map(({ source }) => embedded.begin(source));
    const places: Place[] = [];
    let blank = 0;
    let before = 0;
    // Bad rows are told of when the piece is stored.
    for (const batch of decoder.batches(piece, recipe.onError === 'skip' ? () => {} : undefined)) {
      for (const [i, { column, take }] of readers.entries()) {
        const { bytes, offsets, validity } = take(textPart(batch, i), batch.rows);
        const rows = targets[i]!;
        for (let n = 0; n < batch.rows; n++) {
          const row = decoder.rowNumber(piece, before + n);
          const text = isValid(validity, n)
            ? Buffer.from(
                bytes.buffer,
                bytes.byteOffset + offsets[n]!,
                offsets[n + 1]! - offsets[n]!,
              ).toString()
            : '';
          if (text.trim() === '') {
            rows.set(row, null);
            blank++;
          } else places.push({ text, column, row, rows });
        }
      }
      before += batch.rows;
    }
    return { places, blank };
  }
}

function readersOf({ composed = [] }: Recipe): TextReader[] {
  return composed.flatMap(({ name, source }): TextReader[] => {
    if (source.kind !== 'vector' || source.from.kind !== 'embedded') return [];
    const { part, steps } = source.from;
    const take = steps && pathTaker({ part, steps }, false);
    // What is no JSON is told of when the piece is stored.
    const asText: TextReader['take'] = (column, rows) => take?.(column, rows, () => {}) ?? column;
    return [{ column: name, source: source.from, take: asText }];
  });
}

function otherDimensions({ endpoint, dimensions }: RecipeEmbedding, now: number): DatabaseError {
  return new DatabaseError(
    `${endpoint.name} gives vectors of ${now} dimensions, and gave ${dimensions} before`,
    {
      code: 'embed-answer',
      hint: 'does it still run the same model?',
    },
  );
}
