import t from 'tap';
import { pinInText } from '../../src/config/pin.ts';
import { user } from '../support/ids.ts';

const OLD = 'nqOvzeuGWT/sRx3h7+MHoInYj3Uk2LD/unI9kDYcHwk';
const NEW = 'A6aMpVnsNo8qrpHFJQbDwwGOmvIVfVTpS8J8CPy0Fuo';
const BOBS = '/v/1sUtu9SKLT3bCGl9pTCSjGYZ3ETM1UnYyOUH0WH0';
const ALICE = user('@alice:example.org');
const policyOf = (accounts: string): string => `version: 1
# a remark
people:
  bob: { roles: [ops], accounts: [ { id: "@bob:example.org", identity: "${BOBS}" } ] }   # the other
  alice:
    roles:   [ops]
    accounts: ${accounts}
rooms: {}
actions: {}
`;
const pin = (accounts: string, account = ALICE) =>
  pinInText(policyOf(accounts), { account, identity: NEW });

/** Every way of writing it, before and after. */
const WAYS: readonly (readonly [before: string, after: string])[] = [
  [`[ { id: "${ALICE}", identity: "${OLD}" } ]`, `[ { id: "${ALICE}", identity: "${NEW}" } ]`],
  [`[ { identity: ${OLD}, id: '${ALICE}' } ]`, `[ { identity: "${NEW}", id: '${ALICE}' } ]`],
  [`[ { id: "${ALICE}" } ]  # why`, `[ { id: "${ALICE}", identity: "${NEW}" } ]  # why`],
  [
    `\n    - id: "${ALICE}" # her own`,
    `\n    - id: "${ALICE}"\n      identity: "${NEW}" # her own`,
  ],
  [
    `\n      - id: "${ALICE}"\n        identity:   ${OLD}\n      - { id: "@a2:example.org" }`,
    `\n      - id: "${ALICE}"\n        identity:   "${NEW}"\n      - { id: "@a2:example.org" }`,
  ],
];

t.test('the pin changes, and nothing else in the file', async (t) => {
  for (const [before, after] of WAYS)
    t.strictSame(pin(before), { ok: true, value: policyOf(after) }, before);
});

t.test('the same pin again leaves the text as it is', async (t) => {
  const text = policyOf(`[ { id: "${ALICE}", identity: "${NEW}" } ]`);
  t.strictSame(pinInText(text, { account: ALICE, identity: NEW }), { ok: true, value: text });
});

t.test('an account that is not named, or a text that is no policy, is refused', async (t) => {
  t.match(pin(`[ { id: "${ALICE}" } ]`, user('@eve:example.org')), { ok: false });
  t.match(pinInText('people: {', { account: ALICE, identity: NEW }), { ok: false });
});

t.test('what is no identity never gets in', async (t) => {
  const text = policyOf(`[ { id: "${ALICE}" } ]`);
  for (const identity of ['', 'short', '", x: "', `${NEW}=`])
    t.match(pinInText(text, { account: ALICE, identity }), { ok: false }, identity);
});
