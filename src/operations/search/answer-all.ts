import type { Database } from '../../database/database.ts';
import { nearestToEach } from '../../sql/search.ts';
import { type AskedAgain, answerAgain, answerChunk, byQuery, shortOf } from './chunk.ts';
import { type Hit, toHit } from './hits.ts';
import { type LaneWork, overLanes } from './over-lanes.ts';
import { type Asked, isPlain, wantedOf } from './request.ts';
import { applySettings, type SearchSettings, settingsOf, settingsStatement } from './settings.ts';
import type { Subject } from './subject.ts';

/** Queries a transaction: enough that its round trip weighs little, few enough that lanes share the work. */
export const chunkLength = 100;

export interface BatchWork {
  subject: Subject;
  asked: Asked;
  settings: SearchSettings;
  lanes: number;
  /** Told how many queries are answered so far. */
  onAnswered: (queries: number) => void;
  onRefused: LaneWork<never, never>['onRefused'];
  onFailed: LaneWork<never, never>['onFailed'];
  signal: AbortSignal;
}

export interface Answers {
  /** By query. */
  hits: Hit[][];
  again: AskedAgain;
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
  const { lanes, onRefused, onFailed, signal } = work;
  const common = { lanes, onDone, onRefused, onFailed, signal };
  if (!isPlain(work.asked)) {
    const done = await overLanes(database, chunks, {
      ...common,
      depth: 1,
      work: (lane, vectors) => answerWithCandidates(lane, vectors, work),
    });
    return {
      hits: done.flatMap(({ hits }) => hits),
      again: total(done.map(({ again }) => again)),
    };
  }
  const short: Short[] = [];
  const done = await overLanes(database, chunks, {
    ...common,
    // While one chunk's answer is read the server has the next. The embedded database is one caller's at a time.
    depth: database.maxLanes > 1 ? 2 : 1,
    work: async (lane, vectors) => {
      const { hits, places } = await answerAtOnce(lane, vectors, work);
      for (const place of places) short.push({ vector: vectors[place]!, hits: hits[place]! });
      return hits;
    },
  });
  return { hits: done.flat(), again: await lengthen(database, short, work) };
}

/** Whether the index suits must be asked before. */
function answerWithCandidates(
  lane: Database,
  vectors: readonly string[],
  { subject, asked, settings }: BatchWork,
): Promise<Answers> {
  return lane.transaction(async (session) => {
    const applied = await applySettings(session, subject.extensionSchema, settings, wantedOf(asked));
    const { answers, again } = await answerChunk(session, asked, vectors, applied);
    return { hits: answers.map((rows) => rows.map((row) => toHit(row, subject))), again };
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

/** Gives queries the hits that an index has left out, where one has. */
async function lengthen(
  database: Database,
  short: readonly Short[],
  { subject, asked, settings, lanes, onRefused, onFailed, signal }: BatchWork,
): Promise<AskedAgain> {
  const lengthened = await overLanes(database, inChunks(short), {
    ...{ lanes, onRefused, onFailed, signal, depth: 1, onDone: () => {} },
    work: (lane, chunk) =>
      lane.transaction(async (session) => {
        const applied = await applySettings(session, subject.extensionSchema, settings, wantedOf(asked));
        const vectors = chunk.map(({ vector }) => vector);
        const found = await answerAgain(session, asked, vectors, applied);
        for (const [i, rows] of found?.answers.entries() ?? []) {
          const { hits } = chunk[i]!;
          hits.length = 0;
          for (const row of rows) hits.push(toHit(row, subject));
        }
        return found?.again ?? { wider: 0, exact: 0 };
      }),
  });
  return total(lengthened);
}

function total(counts: readonly AskedAgain[]): AskedAgain {
  const sum = (which: keyof AskedAgain) => counts.reduce((all, count) => all + count[which], 0);
  return { wider: sum('wider'), exact: sum('exact') };
}

async function* inChunks(short: readonly Short[]): AsyncGenerator<readonly Short[]> {
  for (let at = 0; at < short.length; at += chunkLength) yield short.slice(at, at + chunkLength);
}
