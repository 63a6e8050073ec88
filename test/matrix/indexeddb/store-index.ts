import t from 'tap';
import { IDBKeyRange } from '../../../src/matrix/indexeddb/key-range.ts';
import { connect, openTestStore, settled } from './fixtures/test-store.ts';

t.test('an index answers by its own keys, and gives the keys of the records', async (t) => {
  const database = await connect(openTestStore(t), 1, (db) => {
    const people = db.createObjectStore('people');
    people.createIndex('by age', 'age');
    people.put({ age: 40 }, 'zoe');
    people.put({ age: 30 }, 'bob');
    people.put({ age: 40 }, 'ann');
    people.put({ name: 'no age' }, 'eve');
  });
  const byAge = () => database.transaction('people').objectStore('people').index('by age');
  t.same(await settled(byAge().get(30)), { age: 30 });
  t.same(await settled(byAge().getAllKeys()), ['bob', 'ann', 'zoe']);
  t.same(await settled(byAge().getAllKeys(40)), ['ann', 'zoe']);
  t.same(await settled(byAge().getAll(IDBKeyRange.lowerBound(31), 1)), [{ age: 40 }]);
  t.equal(await settled(byAge().count()), 3);
});

t.test('an index over a list of paths sorts as arrays do', async (t) => {
  const database = await connect(openTestStore(t), 1, (db) => {
    const sessions = db.createObjectStore('sessions');
    sessions.createIndex('by sender', ['sender', 'kind', 'id']);
    sessions.put({ sender: 'b', kind: 1, id: 'x' }, 1);
    sessions.put({ sender: 'a', kind: 2, id: 'y' }, 2);
    sessions.put({ sender: 'a', kind: 2, id: 'x' }, 3);
    sessions.put({ sender: 'a', kind: 2 }, 4);
  });
  const bySender = database.transaction('sessions').objectStore('sessions').index('by sender');
  const ofA = IDBKeyRange.bound(['a', 2, ''], ['a', 3], true, true);
  t.same(await settled(bySender.getAllKeys(ofA)), [3, 2]);
});
