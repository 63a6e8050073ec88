/** One open file, with everything that is prepared for it. */
import type { DatabaseSync } from 'node:sqlite';
import { Catalogue } from './catalogue.ts';
import { Commits } from './commits.ts';
import { prepareStatements, type Statements } from './statements.ts';

export interface Storage {
  readonly file: string;
  readonly sql: DatabaseSync;
  readonly catalogue: Catalogue;
  readonly commits: Commits;
  readonly statements: Statements;
}

export const storageOn = (file: string, sql: DatabaseSync): Storage => ({
  file,
  sql,
  catalogue: new Catalogue(sql),
  commits: new Commits(sql),
  statements: prepareStatements(sql),
});
