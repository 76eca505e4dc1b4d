/** The library behind the command line: open a database, and do with it what the commands do. */

export { connect } from './database/connect.ts';
export type { Database, QueryResult, Session, Statement } from './database/database.ts';
export { resolveTarget } from './database/resolve.ts';
export { DatabaseError, DataError, InterruptedError, PgvError, UsageError } from './errors.ts';
export { readFormat, readFormats } from './formats/read/formats.ts';
export { writeFormatFor, writeFormats } from './formats/write/formats.ts';
export { exportRows } from './operations/export/export.ts';
export { querySource, tableSource } from './operations/export/source.ts';
export { createVectorIndex } from './operations/index-create/index-create.ts';
export { measureRecall } from './operations/index-recall/recall.ts';
export { tuneIndex } from './operations/index-tune/tune.ts';
export { ingest } from './operations/ingest/ingest.ts';
export { init } from './operations/init/init.ts';
export { search } from './operations/search/search.ts';
export { vacuumTables } from './operations/vacuum/vacuum.ts';
export { type Progress, type Reporter, silentReporter } from './progress.ts';
export { openFile, type Source, streamSource } from './source.ts';
