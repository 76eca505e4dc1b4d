import { createHash } from 'node:crypto';
import type { RecordedSource } from './ledger.ts';

/** What a load is known by, beside its table. */
export interface Identity {
  /** Undefined where nothing tells one source from another: a stream without a name of its own. */
  sourceKey: string | undefined;
  shapeKey: string;
}

/**
 * The same for the same bytes read the same way.
 * @param loadId the user's own name for the load, which then stands for its bytes
 * @param shape the options that shape rows
 */
export function identityOf(
  sources: readonly RecordedSource[],
  loadId: string | undefined,
  shape: Record<string, unknown>,
): Identity {
  const shapeKey = digest(JSON.stringify(sorted(shape)));
  if (loadId !== undefined) return { sourceKey: `id ${loadId}`, shapeKey };
  const contents = sources.map(
    ({ fingerprint }) => fingerprint && `${fingerprint.byteLength} ${fingerprint.sample}`,
  );
  return { sourceKey: contents.includes(undefined) ? undefined : digest(contents.join('\n')), shapeKey };
}

/** Whether the sources were last written when they were then. */
export function writtenAlike(now: readonly RecordedSource[], then: readonly RecordedSource[]): boolean {
  return now.every(({ fingerprint }, i) => fingerprint?.modified === then[i]?.fingerprint?.modified);
}

/** A fingerprint as a person compares it. */
export function describeFingerprint({ name, fingerprint }: RecordedSource): string {
  if (fingerprint === undefined) return name;
  return `${fingerprint.byteLength.toLocaleString('en')} bytes, sample ${fingerprint.sample.slice(0, 12)}`;
}

/** Names of the members in which two sets of options differ, as flags are written. */
export function differences(before: Record<string, unknown>, now: Record<string, unknown>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
}

/** Objects with their keys in order, so that equal ones are written alike; what is undefined is left out. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]),
  );
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
