import { type Command, Option } from 'commander';
import { maxDimensions } from '../../src/vector/limits.ts';
import type { VectorType } from '../../src/vector/metrics.ts';
import { keyName, keyValue, nameList, wholeNumber } from '../option-values.ts';

export interface MappingFlags {
  columns?: string[];
  map?: [string, string][];
  set?: [string, string][];
  tenant?: string;
  tenantColumn?: string;
  types?: [string, string][];
  type?: VectorType;
  dimensions?: number;
  normalize?: true;
  /** False with --no-create. */
  create?: boolean;
}

/** What goes where, and as what. */
export function addMappingOptions(command: Command): Command {
  return command
    .optionsGroup('What goes where:')
    .option('--columns <a,b,c>', 'the fields to take; their names where there is no header', nameList)
    .option(
      '--map <field=column>',
      'the column that a field goes into; several times. Also meta.title=title (a path into JSON), *=metadata (all other fields, as one object), dim_*=embedding (a field a dimension)',
      keyName,
    )
    .option('--set <column=value>', 'the same value in every row, or NULL; several times', keyValue)
    .option('--tenant <id>', 'the value of the tenant column in every row')
    .option('--tenant-column <name>', 'that column (default: tenant_id)')
    .option('--types <column=type>', 'the type of a column of a new table; several times', keyName)
    .addOption(
      new Option('--type <type>', "of a new table's vector column; bit keeps the signs alone").choices([
        'vector',
        'halfvec',
        'sparsevec',
        'bit',
      ]),
    )
    .option(
      '--dimensions <n>',
      'cut vectors to the first so many, and bring what was cut to length 1 (Matryoshka)',
      wholeNumber({ min: 1, max: maxDimensions.vector }),
    )
    .option('--normalize', 'bring vectors to length 1')
    .option('--create', 'make the table where it is not there yet, which is the default')
    .option('--no-create', 'fail where the table is not there yet');
}
