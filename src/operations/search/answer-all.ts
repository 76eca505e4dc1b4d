import type { Database } from '../../database/database.ts';
import { type NearestQuery, nearestToEach } from '../../sql/search.ts';
import { answerAgain, answerChunk, byQuery, shortOf } from './chunk.ts';
import { type Hit, toHit } from './hits.ts';
import { overLanes } from './over-lanes.ts';
import { wantedOf } from './request.ts';
import { applySettings, type SearchSettings, settingsOf, settingsStatement } from './settings.ts';
import type { Subject } from './subject.ts';

/** Queries a transaction: enough that its round trip weighs little, few enough that lanes share the work. */
export const chunkLength = 100;

export interface BatchWork {
  subject: Subject;
  asked: NearestQuery;
  settings: SearchSettings;
  lanes: number;
  /** Told how many queries are answered so far. */
  onAnswered: (queries: number) => void;
  signal: AbortSignal;
}

export interface Answers {
  /** By query. */
  hits: Hit[][];
  /** Queries that an index gave too few rows for at first. */
  cutShort: number;
}

/** Answers all queries, each with `k` rows where there are so many. @param chunks of vectors as text */
export async function answerAll(
  database: Database,
  chunks: AsyncGenerator<string[]>,
  work: BatchWork,
): Promise<Answers> {
  let queries = 0;
  const onDone = (vectors: readonly string[]) => {
    queries += vectors.length;
    work.onAnswered(queries);
  };
  const { lanes, signal } = work;
  if (work.asked.candidates !== undefined) {
    const done = await overLanes(database, chunks, {
      ...{ lanes, signal, onDone, depth: 1 },
      work: (lane, vectors) => answerWithCandidates(lane, vectors, work),
    });
    return {
      hits: done.flatMap(({ hits }) => hits),
      cutShort: done.reduce((sum, { cutShort }) => sum + cutShort, 0),
    };
  }
  const short: Short[] = [];
  const done = await overLanes(database, chunks, {
    ...{ lanes, signal, onDone },
    // While one chunk's answer is read the server has the next. The embedded database is one caller's at a time.
    depth: database.maxLanes > 1 ? 2 : 1,
    work: async (lane, vectors) => {
      const { hits, places } = await answerAtOnce(lane, vectors, work);
      for (const place of places) short.push({ vector: vectors[place]!, hits: hits[place]! });
      return hits;
    },
  });
  return { hits: done.flat(), cutShort: await lengthen(database, short, work) };
}

/** Whether the index suits must be asked before. */
function answerWithCandidates(
  lane: Database,
  vectors: readonly string[],
  { subject, asked, settings }: BatchWork,
): Promise<Answers> {
  return lane.transaction(async (session) => {
    const applied = await applySettings(session, subject.extensionSchema, settings, wantedOf(asked));
    const { answers, cutShort } = await answerChunk(session, asked, vectors, applied);
    return { hits: answers.map((rows) => rows.map((row) => toHit(row, subject))), cutShort };
  });
}

/** All in one round trip; and the places of the queries that have fewer than `k` hits. */
async function answerAtOnce(
  lane: Database,
  vectors: readonly string[],
  { subject, asked, settings }: BatchWork,
): Promise<{ hits: Hit[][]; places: number[] }> {
  const [applied, found] = await lane.readTogether([
    settingsStatement(subject.extensionSchema, settings, wantedOf(asked)),
    nearestToEach(asked, vectors),
  ]);
  settingsOf(applied!, settings);
  const hits = byQuery(found!.rows, vectors.length).map((rows) => rows.map((row) => toHit(row, subject)));
  return { hits, places: shortOf(hits, asked.k) };
}

/** A query that has fewer than `k` hits so far. */
interface Short {
  vector: string;
  hits: Hit[];
}

/**
 * Gives queries the hits that an index has left out, where one has.
 * @returns how many queries these were
 */
async function lengthen(
  database: Database,
  short: readonly Short[],
  { subject, asked, settings, lanes, signal }: BatchWork,
): Promise<number> {
  const lengthened = await overLanes(database, inChunks(short), {
    ...{ signal, depth: 1, onDone: () => {} },
    lanes: Math.min(lanes, Math.ceil(short.length / chunkLength)),
    work: (lane, chunk) =>
      lane.transaction(async (session) => {
        const applied = await applySettings(session, subject.extensionSchema, settings, wantedOf(asked));
        const vectors = chunk.map(({ vector }) => vector);
        const answers = await answerAgain(session, asked, vectors, applied);
        if (answers === undefined) return 0;
        for (const [i, rows] of answers.entries()) {
          chunk[i]!.hits.splice(0, Number.POSITIVE_INFINITY, ...rows.map((row) => toHit(row, subject)));
        }
        return chunk.length;
      }),
  });
  return lengthened.reduce((sum, queries) => sum + queries, 0);
}

async function* inChunks(short: readonly Short[]): AsyncGenerator<readonly Short[]> {
  for (let at = 0; at < short.length; at += chunkLength) yield short.slice(at, at + chunkLength);
}
