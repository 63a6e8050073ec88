/** What is typed at a terminal of the host: who is heard, what they are told, and how it ends. */
import t from 'tap';
import { openSay } from '../../src/control/say.ts';
import { openTerminals } from '../../src/control/terminals.ts';
import { openRefusals } from '../../src/desk/refusals.ts';
import { openVoice } from '../../src/desk/voice.ts';
import { openObedience } from '../../src/pipeline.ts';
import { LOCAL } from '../../src/trust/local.ts';
import { DeskHouse } from '../desk/fixtures/desk-house.ts';
import { housePolicy } from '../desk/fixtures/house-policy.ts';
import type { Name } from '../model/fixtures/scenarios.ts';
import { roomName } from '../support/ids.ts';
import { atTerminal } from './fixtures/peer.ts';

const USERS: Readonly<Record<string, Name>> = { al: 'alice', bo: 'bob', ca: 'carol', da: 'dave' };

async function open() {
  const house = await DeskHouse.open();
  const policy = housePolicy({ rooms: [roomName('ops'), LOCAL] });
  const people = [...policy.people].map(([name, one]) => {
    const localUsers = Object.keys(USERS).filter((user) => USERS[user] === name);
    return [name, { ...one, localUsers }] as const;
  });
  house.policy = { ...policy, people: new Map(people) };
  const terminals = openTerminals();
  house.onMoved = terminals.moved;
  const { desk } = house;
  const voice = openVoice(terminals.around(house.chat), house.log);
  const { ledger, history, clock } = desk;
  const { refuse } = openRefusals({ ledger, history, clock, say: () => {} });
  const say = openSay({ desk, obey: openObedience({ desk, voice }), refuse, terminals });
  const type = (
    user: string | undefined,
    text: string,
    typed: Parameters<typeof atTerminal>[1] = [],
  ) => {
    const terminal = atTerminal({ uid: 1001, user }, typed);
    const before = house.written.length;
    const code = say(terminal.peer, { text });
    return {
      ...{ ...terminal, code },
      grown: () => house.written.slice(before).filter(({ type }) => type !== 'direct'),
    };
  };
  return { house, type };
}

t.test(
  'a user whom the policy does not name is refused, on record, and runs nothing',
  async (t) => {
    for (const [user, sender, note] of [
      ['eve', 'local:eve', 'The policy does not name eve as a user of this host (local_users).'],
      [
        undefined,
        'local:uid-1001',
        'The policy does not name you as a user of this host (local_users).',
      ],
    ] as const) {
      const { house, type } = await open();
      const { code, notes, printed, grown } = type(user, 'quick 1');
      t.equal(await code, 120);
      t.strictSame([notes, printed], [[note], []]);
      const refused = grown().map((e) => (e.type === 'refused' ? [e.code, e.sender] : e.type));
      t.strictSame(refused, [['unknown_account', sender]]);
      t.strictSame(house.ran, []);
    }
  },
);

t.test('what runs is followed to its end, with its exit code', async (t) => {
  const { house, type } = await open();
  const { code, grown } = type('al', 'quick 7');
  await house.settle();
  t.equal(house.ran.length, 1);
  house.sandbox.last.exit(3);
  t.equal(await code, 3);
  const [asked] = grown();
  t.strictSame(asked?.type === 'request' && asked.frozen.actor, {
    ...{ person: 'alice', account: 'local:al', device: 'uid-1001', identity: '', pinned: true },
  });
});

t.test('what the policy refuses ends as refused', async (t) => {
  const { house, type } = await open();
  t.equal(await type('bo', 'quick 7').code, 120);
  t.strictSame(house.ran, []);
});

t.test('a request stays when its terminal hangs up', async (t) => {
  const { house, type } = await open();
  const { code, hangUp } = type('al', 'quick 7');
  await house.settle();
  hangUp();
  t.equal(await code, 125);
  t.strictSame(house.sandbox.last.asked, [], 'and it goes on');
});

t.test('what only looks is the output, and everything else is a note', async (t) => {
  const { type } = await open();
  const looked = type('al', 'version');
  t.equal(await looked.code, 0);
  t.strictSame([looked.notes, looked.printed], [[], ['Vaktrom test']]);
  const ordered = type('al', 'approve ZZZZ-ZZ');
  t.equal(await ordered.code, 120);
  t.strictSame(ordered.notes, ['There is no request ZZZZ-ZZ open for you.']);
  t.strictSame(ordered.printed, []);
});

interface Row {
  readonly action: string;
  readonly user: string;
  readonly order: (id: string) => string;
  readonly code: number;
  readonly before?: (house: DeskHouse, id: string) => Promise<unknown>;
}

const ROWS: Readonly<Record<string, Row>> = {
  'a sign-off that counts': {
    action: 'deploy',
    user: 'bo',
    order: (id) => `approve ${id}`,
    code: 0,
  },
  'one’s own sign-off': { action: 'deploy', user: 'al', order: (id) => `approve ${id}`, code: 120 },
  'a denial': { action: 'deploy', user: 'bo', order: (id) => `deny ${id} no`, code: 0 },
  'a denial of nobody’s business': {
    ...{ action: 'deploy', user: 'da', order: (id) => `deny ${id} no`, code: 120 },
  },
  'a denial of what was denied': {
    ...{ action: 'deploy', user: 'ca', order: (id) => `deny ${id} no`, code: 120 },
    before: (house, id) => house.order('bob', 'deny', id, 'no'),
  },
  'a start': {
    ...{ action: 'restart', user: 'al', order: (id) => `start ${id}`, code: 0 },
    before: (house, id) => house.order('carol', 'approve', id),
  },
  'a start of what is not granted': {
    ...{ action: 'restart', user: 'al', order: (id) => `start ${id}`, code: 120 },
  },
  'a cancellation of what waits': {
    ...{ action: 'deploy', user: 'al', order: (id) => `cancel ${id}`, code: 0 },
  },
  'a cancellation of what somebody else waits for': {
    ...{ action: 'deploy', user: 'bo', order: (id) => `cancel ${id}`, code: 120 },
  },
  'a cancellation of what runs': {
    ...{ action: 'quick', user: 'al', order: (id) => `cancel ${id}`, code: 0 },
  },
  'an allowance that is too much': {
    ...{ action: 'deploy', user: 'al', order: () => 'allow 9 2m deploy', code: 120 },
  },
  'no command at all': { action: 'deploy', user: 'al', order: () => 'nosuch', code: 120 },
};

for (const [name, { action, user, order, code, before }] of Object.entries(ROWS))
  t.test(`${name} ends with ${code}`, async (t) => {
    const { house, type } = await open();
    const id = await house.ask(action);
    await before?.(house, id);
    await house.settle();
    t.equal(await type(user, order(id)).code, code);
  });

t.test('a sign-off that needs a code asks for it, and does not count without it', async (t) => {
  const { house, type } = await open();
  const id = await house.ask('wipe');
  const silent = type('bo', `approve ${id}`);
  t.equal(await silent.code, 120);
  t.strictSame(silent.asked, [[`One-time code for ${id}: `, true]]);
  const typed = type('bo', `approve ${id}`, [house.code()]);
  t.equal(await typed.code, 0);
  const given = typed.grown().filter((e) => e.type === 'approval');
  t.strictSame(
    given.map((e) => e.type === 'approval' && e.factor),
    [undefined, 'totp'],
    'first as it was typed, then with the code',
  );
});
