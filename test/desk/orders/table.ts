/**
 * Who may do what: a table of every order and of everything that can be wrong with it. The orders are
 * given here as they are after `judge`: who sent them is proven, and whether they may is the question.
 */
import t from 'tap';
import { ORDERS } from '../../../src/desk/orders/table.ts';
import { PROOF_ROWS } from './fixtures/proof-rows.ts';
import { type Row, tryRow, WRONGS, type Wrong } from './fixtures/row.ts';
import { RUN_ROWS } from './fixtures/run-rows.ts';
import { SIGN_OFF_ROWS } from './fixtures/sign-off-rows.ts';
import { STANDING_ROWS } from './fixtures/standing-rows.ts';

const ROWS: readonly Row[] = [...SIGN_OFF_ROWS, ...RUN_ROWS, ...STANDING_ROWS, ...PROOF_ROWS];

for (const row of ROWS)
  t.test(`${row.order}, ${row.wrong}: ${row.name}`, async (t) => {
    const { came, wanted } = await tryRow(row);
    t.strictSame(came, wanted);
  });

/** What cannot be wrong with an order. */
const CANNOT: Readonly<Record<keyof typeof ORDERS, readonly Wrong[]>> = {
  approve: ['place'],
  withdraw: ['limit', 'place', 'words'],
  deny: ['limit', 'place', 'words'],
  start: ['requester', 'place', 'words'],
  cancel: ['limit', 'place', 'words'],
  allow: ['state'],
  'break-glass': ['requester'],
  freeze: ['requester', 'limit', 'place', 'words'],
  unfreeze: ['requester', 'limit', 'state', 'place', 'words'],
  review: ['limit', 'place', 'words'],
  recover: ['place', 'words'],
  otp: [],
  enrol: ['role', 'requester'],
  direct: ['role', 'requester', 'target', 'limit', 'state'],
};

t.test('every order has a row for everything that can be wrong with it', async (t) => {
  for (const order of Object.keys(ORDERS) as (keyof typeof ORDERS)[]) {
    const rows = ROWS.filter((row) => row.order === order);
    t.strictSame(
      WRONGS.filter((wrong) => !rows.some((row) => row.wrong === wrong)),
      CANNOT[order],
      order,
    );
  }
});

t.test('a row that is not like the others is not there twice', async (t) => {
  const names = ROWS.map(({ order, wrong, name }) => `${order}, ${wrong}: ${name}`);
  t.equal(new Set(names).size, names.length);
});
