/** How a comparison of emoji ends at the host's terminal, and what is printed for the policy, if anything. */
import t from 'tap';
import { openVerify } from '../../src/control/verify.ts';
import type { Verification, Verifications } from '../../src/matrix/crypto/verification.ts';
import { user } from '../support/ids.ts';
import { atTerminal } from './fixtures/peer.ts';

const ALICE = user('@alice:example.org');
const COMPARED: Verification = {
  ...{ id: '1', user: ALICE, where: 'room', begunBy: 'them', state: 'compare' },
  ...{ emoji: [{ symbol: '🐶', name: 'Dog' }], decimals: [1111, 2222, 3333] },
  ...{ identity: '', why: '' },
};
const SHOWN = ['🐶  Dog', '1111 2222 3333'];
const QUESTION = 'Is it the same, in this order? yes or no: ';

/** It becomes this once somebody at the host has spoken, or is this from the start. */
function script(first: Verification | undefined, then: Partial<Verification>): Verifications {
  let current = first;
  const become = async (): Promise<Verification> => {
    current = { ...COMPARED, ...then };
    return current;
  };
  return {
    list: () => (current ? [current] : []),
    begin: become,
    confirm: become,
    mismatch: become,
  };
}

const DONE: Partial<Verification> = { state: 'done', identity: 'KEY' };
const CANCELLED: Partial<Verification> = { state: 'cancelled', why: 'm.user' };

async function verify(
  verifications: Verifications,
  typed: readonly string[],
  fields: Readonly<Record<string, string>> = {},
) {
  const { peer, notes, printed, asked } = atTerminal({ uid: 0, user: 'root' }, typed);
  const code = await openVerify(verifications)(peer, fields);
  return { code, notes, printed, asked };
}

const COMPARE = `Compare with what ${ALICE} sees, in person or over a line that you trust:`;

t.test('a yes on both sides gives the line for the policy', async (t) => {
  t.strictSame(await verify(script(COMPARED, DONE), ['yes']), {
    code: 0,
    notes: [
      COMPARE,
      `✓ ${ALICE} is verified. This is the line for the policy; identity pin puts it there:`,
    ],
    printed: [...SHOWN, `- { id: "${ALICE}", identity: "KEY" }`],
    asked: [[QUESTION, false]],
  });
});

t.test('a yes that the other side does not share gives none', async (t) => {
  t.strictSame(await verify(script(COMPARED, CANCELLED), ['y']), {
    ...{ code: 1, notes: [COMPARE, 'It was cancelled: m.user'], printed: SHOWN },
    asked: [[QUESTION, false]],
  });
});

t.test('a no gives none, whatever becomes of it', async (t) => {
  t.strictSame(await verify(script(COMPARED, DONE), ['no']), {
    code: 1,
    notes: [COMPARE, 'Ended. If it really differs, somebody is in between: trust neither side.'],
    ...{ printed: SHOWN, asked: [[QUESTION, false]] },
  });
});

t.test('no answer gives none, and ends nothing', async (t) => {
  t.strictSame(await verify(script(COMPARED, DONE), []), {
    code: 1,
    notes: [COMPARE, 'Still under way: identity verify goes on with it.'],
    ...{ printed: SHOWN, asked: [[QUESTION, false]] },
  });
});

t.test('what was cancelled before anything was shown gives none', async (t) => {
  const { code, printed, asked } = await verify(script(undefined, CANCELLED), ['yes'], {
    account: ALICE,
  });
  t.strictSame([code, printed, asked], [1, [], []]);
});
