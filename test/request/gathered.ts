import t from 'tap';
import type { Factor } from '../../src/policy/model.ts';
import { actorOf } from '../../src/request/entries.ts';
import { NOTHING, withFactor, withoutSignOff, withSignOff } from '../../src/request/gathered.ts';
import type { Gathered, SignOff } from '../../src/request/life.ts';
import { trusted } from '../support/requests.ts';

const actor = (person: string) => ({ ...actorOf(trusted()), person });
const by = (person: string, factor?: Factor): SignOff => ({
  ...{ actor: actor(person), factor, evidence: undefined },
});
const gathered = (...signOffs: readonly SignOff[]): Gathered => ({ ...NOTHING, signOffs });

t.test('what is proven is as strong as the strongest proof', async (t) => {
  const proven = (...factors: readonly Factor[]) => factors.reduce(withFactor, NOTHING).factor;
  t.equal(proven(), undefined);
  t.equal(proven('totp'), 'totp');
  t.equal(proven('totp', 'webauthn'), 'webauthn');
  t.equal(proven('webauthn', 'totp'), 'webauthn');
});

t.test('one person has one sign-off, the last of the strongest', async (t) => {
  const two = gathered(by('bob', 'totp'), by('dan'));
  t.strictSame(withSignOff(two, by('eve')), gathered(by('bob', 'totp'), by('dan'), by('eve')));
  t.strictSame(withSignOff(two, by('bob', 'webauthn')), gathered(by('dan'), by('bob', 'webauthn')));
  t.strictSame(withSignOff(two, by('bob', 'totp')), gathered(by('dan'), by('bob', 'totp')));
  t.equal(withSignOff(two, by('bob')), undefined, 'a weaker one does not take its place');
});

t.test('a sign-off that is taken back is gone, and only that one', async (t) => {
  const two = gathered(by('bob', 'totp'), by('dan'));
  t.strictSame(withoutSignOff(two, actor('bob')), gathered(by('dan')));
  t.equal(withoutSignOff(two, actor('eve')), undefined);
  t.strictSame(two, gathered(by('bob', 'totp'), by('dan')), 'what was, stays as it was');
});
