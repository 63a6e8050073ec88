import t from 'tap';
import { actionsWithPasskey } from '../../src/policy/passkeys.ts';
import { Guardroom } from '../support/guardroom.ts';

t.test('actions that a passkey is needed for, by whoever asks or whoever signs off', async (t) => {
  const room = new Guardroom({ id: 'localhost', origin: 'http://localhost:1' });
  t.strictSame(actionsWithPasskey(room.policy), ['db-failover', 'deploy']);
  room.changePolicy('require: { approvals: { count: 1, roles: [dba], step_up: webauthn } }', '');
  t.strictSame(actionsWithPasskey(room.policy), ['db-failover']);
});
