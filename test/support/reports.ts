import type { Progress, Reporter } from '../../src/progress.ts';

/** A reporter that keeps what it is told. */
export interface Reports extends Reporter {
  notes: string[];
  warnings: string[];
  progressed: Progress[];
}

export function collectReports(): Reports {
  const reports: Pick<Reports, 'notes' | 'warnings' | 'progressed'> = {
    notes: [],
    warnings: [],
    progressed: [],
  };
  return {
    ...reports,
    note: (line) => reports.notes.push(line),
    warn: (line) => reports.warnings.push(line),
    progress: (progress) => reports.progressed.push(progress),
  };
}
