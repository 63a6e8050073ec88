/** The door for users of the host: which verb is for whom, and what is on record of who proves nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { askDaemon } from '../../src/control/client.ts';
import { makeControlFolder } from '../../src/control/folder.ts';
import { openHostDoor, userChanges } from '../../src/control/open.ts';
import { openTerminals } from '../../src/control/terminals.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { openRefusals } from '../../src/desk/refusals.ts';
import { openVoice } from '../../src/desk/voice.ts';
import type { Verifications } from '../../src/matrix/crypto/verification.ts';
import { DeskHouse } from '../desk/fixtures/desk-house.ts';
import { isRoot } from '../support/as-root.ts';
import { DIES_WITH_US } from '../support/child-env.ts';

const nobody = async (): Promise<never> => {
  throw new Error('nobody is verified here');
};
const verifications: Verifications = {
  list: () => [],
  begin: nobody,
  confirm: nobody,
  mismatch: nobody,
};

async function open(t: Test) {
  // Not below the checkout: the name of a socket that is dialled by hand has to be short.
  const place = await openOwnFolder('control');
  t.teardown(() => place[Symbol.asyncDispose]());
  chmodSync(place.path, 0o711);
  const folder = await makeControlFolder(join(place.path, 'run'));
  const house = await DeskHouse.open();
  const { desk } = house;
  const { ledger, history, clock } = desk;
  const fatal: unknown[] = [];
  let reloads = 0;
  const door = await openHostDoor({
    ...{ folder, desk, verifications, terminals: openTerminals() },
    voice: openVoice(house.chat, house.log),
    refuse: openRefusals({ ledger, history, clock, say: () => {} }).refuse,
    async reloadPolicy() {
      reloads++;
      return { kind: 'unchanged', policy: 'sha' };
    },
    onFatal: (error) => void fatal.push(error),
  });
  t.teardown(() => door[Symbol.asyncDispose]());
  const before = house.written.length;
  const ask = async (verb: string, fields: Readonly<Record<string, string>> = {}) => {
    const notes: string[] = [];
    const screen = {
      note: (text: string) => void notes.push(text),
      output: () => {},
      ask: undefined,
    };
    return { code: await askDaemon({ folder, verb, fields }, screen), notes };
  };
  return {
    folder,
    house,
    ask,
    fatal,
    reloads: () => reloads,
    grown: () => house.written.slice(before),
  };
}

const STRANGER = 61_236;
const KNOCK = join(import.meta.dirname, 'fixtures', 'knock.ts');

/** What somebody is told who is neither root nor the daemon: another user, where the test can be one. */
async function asStranger(t: Test, folder: string, verb: string) {
  if (!isRoot) {
    const own = process.getuid?.() ?? 0;
    t.intercept(process, 'getuid', { value: () => own + 1 });
  }
  const ids = isRoot ? { uid: STRANGER, gid: STRANGER } : {};
  const command = [...DIES_WITH_US, 'env', '-i', process.execPath, KNOCK, folder, verb];
  const child = spawn('setpriv', command, {
    ...ids,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = await text(child.stderr);
  return { code: child.exitCode ?? (await once(child, 'exit'))[0], said };
}

const FOR_THE_HOST = 'This is for root, or for the user that the daemon runs as.';
const VERBS = ['enrol', 'verify', 'reload'] as const;

t.test('what is for the host is answered to the host', async (t) => {
  const { ask, grown, reloads } = await open(t);
  t.equal((await ask('enrol', { factor: 'passkey', person: 'alice' })).code, 0);
  t.strictSame(await ask('verify'), { code: 1, notes: ['Nobody asks to be verified.'] });
  t.equal((await ask('reload')).code, 0);
  t.strictSame([grown().map(({ type }) => type), reloads()], [['ticket.issued'], 1]);
});

t.test('and to nobody else', async (t) => {
  const { folder, grown, reloads } = await open(t);
  for (const verb of VERBS)
    t.strictSame(await asStranger(t, folder, verb), { code: 1, said: `${FOR_THE_HOST}\n` }, verb);
  t.strictSame([grown(), reloads()], [[], 0]);
});

t.test('nothing is enrolled or verified that no record of could be kept', async (t) => {
  const { house, ask, grown } = await open(t);
  house.hasRoom = false;
  const notes = [
    'The disk is full, so this could not be recorded and was not done. Free some space, then try again.',
  ];
  t.strictSame(await ask('enrol', { factor: 'passkey', person: 'alice' }), { code: 120, notes });
  t.strictSame(await ask('verify'), { code: 120, notes });
  t.strictSame(grown(), []);
});

t.test('a false proof is recorded under no name', async (t) => {
  const { folder, house, grown } = await open(t);
  const socket = connect(join(folder, 'socket'));
  t.teardown(() => socket.destroy());
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  socket.write('{"v":1,"verb":"say","fields":{"text":"version"}}\n');
  await lines.next();
  socket.write('{"kind":"proven"}\n');
  t.equal((await lines.next()).value, '{"kind":"note","text":"You did not prove who you are."}');
  t.strictSame(
    grown().map((e) => (e.type === 'refused' ? [e.code, e.sender, e.person] : e.type)),
    [['sender_mismatch', 'local:?', undefined]],
  );
  t.strictSame(house.log.messages, ['a proof at the control socket does not hold']);
});

t.test('a requester at the host is who they were while that user has that name', async (t) => {
  const { uid, username } = userInfo();
  const actor = {
    ...{ person: 'alice', account: `local:${username}`, device: `uid-${uid}` },
    ...{ identity: '', pinned: true },
  };
  const changed = ['the user of alice on this host is another one'];
  t.strictSame(await userChanges(actor), []);
  t.strictSame(await userChanges({ ...actor, account: 'local:somebody-else' }), changed);
  t.strictSame(await userChanges({ ...actor, device: 'uid-4123456789' }), changed, 'gone');
  t.strictSame(await userChanges({ ...actor, device: 'uid-x' }), changed);
});
