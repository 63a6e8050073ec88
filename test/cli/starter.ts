import t from 'tap';
import { formatSettings, formatStarterPolicy } from '../../src/cli/starter.ts';
import { parseSettings } from '../../src/config/settings.ts';
import { policyFile } from '../config/fixtures/policies.ts';

const STARTER_POLICY = formatStarterPolicy('ops');

const GIVEN = {
  homeserver: 'https://matrix.example.org',
  user: '@bot:example.org',
  device: 'ABCDEFGH',
  state: '/var/lib/vaktrom/state',
  secrets: 'secrets',
};

t.test('the settings that are written are the settings that are read', async (t) => {
  const text = formatSettings({ ...GIVEN, hasAuthority: false });
  t.match(text, /^# yaml-language-server: \$schema=\.\/vaktrom\.schema\.json\n/);
  const parsed = parseSettings(text, 'vaktrom.yaml');
  t.hasStrict(parsed, { ok: true, value: GIVEN });
  t.match(text, /^state: \/var\/lib\/vaktrom\/state\nsecrets: secrets\n/m);
});

t.test('nothing that was typed becomes syntax', async (t) => {
  const device = 'A"\\:#{}[]&*!|>%@`,';
  const parsed = parseSettings(
    formatSettings({ ...GIVEN, hasAuthority: false, device }),
    'vaktrom.yaml',
  );
  t.hasStrict(parsed, { ok: true, value: { device } });
  const evil = formatSettings({ ...GIVEN, hasAuthority: false, user: '@x:y"\nstate: /etc # ' });
  const state = 'a folder: #1';
  t.hasStrict(parseSettings(formatSettings({ ...GIVEN, hasAuthority: false, state }), 'v'), {
    ok: true,
    value: { state },
  });
  t.match(parseSettings(evil, 'v'), { ok: false, error: [{ message: /^user: / }] });
});

t.test('the first policy allows nothing', async (t) => {
  t.match(STARTER_POLICY, /^# yaml-language-server: \$schema=\.\/policy\.schema\.json\n/);
  const { policy } = policyFile(STARTER_POLICY);
  t.equal(policy.people.size + policy.rooms.size + policy.actions.size, 0);
});

t.test('filled in as it says, the first policy is a policy', async (t) => {
  const filled = STARTER_POLICY.replaceAll(/^(\w+:) \{\}$/gm, '$1').replaceAll(/^ {2}# /gm, '  ');
  const { policy } = policyFile(filled);
  t.strictSame([...policy.people.keys()], ['alice']);
  t.strictSame([...policy.rooms.keys()], ['ops']);
  t.strictSame([...policy.actions.keys()], ['status']);
});
