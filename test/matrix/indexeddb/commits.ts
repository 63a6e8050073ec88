import { DatabaseSync } from 'node:sqlite';
import t, { type Test } from 'tap';
import { Commits } from '../../../src/matrix/indexeddb/commits.ts';

/** Two connections to one file: what the second sees is what is durable. */
function open(t: Test) {
  const file = `${t.testdir()}/commits.db`;
  const [sql, other] = [new DatabaseSync(file), new DatabaseSync(file)];
  t.teardown(() => {
    sql.close();
    other.close();
  });
  sql.exec('PRAGMA journal_mode = WAL; CREATE TABLE seen(name TEXT)');
  const put = (name: string) => sql.prepare('INSERT INTO seen VALUES (?)').run(name);
  const durable = () =>
    other
      .prepare('SELECT name FROM seen')
      .all()
      .map(({ name }) => name);
  return { commits: new Commits(sql), put, durable, sql };
}

t.test('alone, each transaction is durable when it is committed', (t) => {
  const { commits, put, durable } = open(t);
  commits.begin();
  put('a');
  t.same(durable(), []);
  commits.commit();
  t.same(durable(), ['a']);
  commits.begin();
  put('b');
  commits.rollback();
  t.same(durable(), ['a']);
  t.end();
});

t.test('in a unit they are durable together, without those that were rolled back', (t) => {
  const { commits, put, durable, sql } = open(t);
  commits.beginUnit();
  for (const name of ['a', 'b', 'c']) {
    commits.begin();
    put(name);
    if (name === 'b') commits.rollback();
    else commits.commit();
    t.same(durable(), []);
  }
  commits.endUnit();
  t.same(durable(), ['a', 'c']);
  t.notOk(sql.isTransaction);
  commits.begin();
  put('d');
  commits.commit();
  t.same(durable(), ['a', 'c', 'd'], 'and after it each is on its own again');
  t.end();
});

t.test('a unit in which nothing was written takes no lock', (t) => {
  const { commits, sql } = open(t);
  commits.beginUnit();
  t.notOk(sql.isTransaction);
  t.throws(() => commits.beginUnit(), /within/);
  commits.endUnit();
  t.notOk(sql.isTransaction);
  t.end();
});
