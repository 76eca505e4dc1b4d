import type { Session } from '../../src/database/database.ts';

/** What a `COPY … TO STDOUT` gives, whole. */
export async function copied(session: Session, sql: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await session.copyOut(sql, (bytes) => {
    chunks.push(Buffer.from(bytes));
    return undefined;
  });
  return Buffer.concat(chunks);
}
