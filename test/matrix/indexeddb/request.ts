import t from 'tap';
import { refusal } from '../../../src/matrix/indexeddb/refusal.ts';
import { IDBRequest } from '../../../src/matrix/indexeddb/request.ts';

t.test('a pending request has neither result nor error', async (t) => {
  const request = new IDBRequest();
  t.equal(request.readyState, 'pending');
  t.throws(() => request.result, { name: /^InvalidStateError$/ });
  t.throws(() => request.error, { name: /^InvalidStateError$/ });
});

t.test('a settled request has a result or an error', async (t) => {
  const request = new IDBRequest();
  request.settle({ result: 7 });
  t.same([request.readyState, request.result, request.error], ['done', 7, null]);
  const error = refusal('AbortError', 'why');
  request.settle({ error });
  t.same([request.readyState, request.result, request.error], ['done', undefined, error]);
});

t.test('a restarted request is pending again', async (t) => {
  const request = new IDBRequest();
  request.settle({ result: 7 });
  request.restart();
  t.equal(request.readyState, 'pending');
});
