import { expect, test } from 'vitest';
import { eachDatabase } from '../support/databases.ts';

/** The server stops reading here for a moment: its buffers fill, and chunks wait to be sent. */
const sleepsAt = 1_010_000;

eachDatabase((fixture) => {
  test('COPY in is done with a chunk when it asks for the next, so that its memory can be filled again', async () => {
    const database = await fixture.open();
    await database.query(`CREATE TABLE t (a bigint);
      CREATE FUNCTION sleeping() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END';
      CREATE TRIGGER sleeps BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.a = ${sleepsAt}) EXECUTE FUNCTION sleeping()`);
    const memory = Buffer.alloc(2 ** 20);
    const lengths = [64, 128, 1024, 400_000, 64, 192, ...Array(14).fill(1_000_000), 64, 128];
    let next = 1_000_000;
    const chunks = function* () {
      for (const length of lengths) {
        for (let at = 0; at < length; at += 64) memory.write(`${`${next++}`.padEnd(63)}\n`, at, 'latin1');
        yield memory.subarray(0, length);
        memory.fill('x');
      }
    };
    const rows = await database.copyIn('COPY t FROM STDIN', chunks());
    expect(rows).toBe(next - 1_000_000);
    const { rows: sums } = await database.query('SELECT count(DISTINCT a) AS n, max(a) AS last FROM t');
    expect(sums).toEqual([{ n: rows, last: next - 1 }]);
  });
});
