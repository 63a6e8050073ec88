import t from 'tap';
import { describeTrustRefusal } from '../../src/trust/explain.ts';
import type { TrustRefusal } from '../../src/trust/judge.ts';

const CODES: Readonly<Record<TrustRefusal, RegExp>> = {
  clear_text: /unencrypted/,
  unknown_account: /not named in the policy/,
  forwarded_key: /Send the command again/,
  device_unknown: /no longer exists/,
  device_mismatch: /Nothing was run/,
  device_unsigned: /Verify the session/,
  identity_unknown: /Set up verification/,
  identity_mismatch: /administrator/,
  identity_changed: /administrator/,
  edit: /new message/,
  reply: /message of its own/,
  replayed: /not run again/,
  refused_before: /a refusal is final/,
  flooded: /another room in the policy/,
  before_live: /Send it again/,
  direct_left: /Use the newer one/,
  unclear: /Begin with !/,
  missing_key: /sends keys to this device/,
  unsigned_device: /Verify the session/,
  unknown_device: /Send it again/,
  sender_mismatch: /not made by the account/,
  identity_violation: /administrator/,
  damaged: /cannot decrypt/,
};

t.test(
  'every refusal is said in whole sentences, and says what to do where something can be done',
  async (t) => {
    for (const [code, hint] of Object.entries(CODES)) {
      const sentence = describeTrustRefusal(code as TrustRefusal);
      t.match(sentence, hint, code);
      t.match(sentence, /^[A-Z].*\.$/s);
      t.notMatch(sentence, /_/, 'in words, not in codes');
    }
  },
);
