/** An index of an object store: the same questions, asked by index key. It cannot be written to. */
import type { IndexSchema } from './catalogue.ts';
import { Queryable } from './query.ts';
import type { RequestScope } from './request.ts';
import type { StoreRows } from './store-rows.ts';

export class IDBIndex extends Queryable {
  constructor(scope: RequestScope, store: StoreRows, schema: IndexSchema) {
    super({ scope, store, rows: store.index(schema) });
  }
}
