import t from 'tap';
import { parseActionName } from '../../src/base/ids.ts';
import { BUILT_INS, isBuiltIn } from '../../src/command/catalogue.ts';
import { parseCommand } from '../../src/command/parse.ts';

t.test('built-ins are known by name, and nothing else is', async (t) => {
  for (const { name } of BUILT_INS) t.ok(isBuiltIn(name), name);
  for (const name of ['deploy', '', 'constructor', 'toString', '__proto__', 'Help'])
    t.notOk(isBuiltIn(name), name);
});

t.test('each built-in has a name like that of an action, and a summary', async (t) => {
  t.ok(BUILT_INS.length > 0);
  for (const { name, summary } of BUILT_INS) {
    t.ok(parseActionName(name).ok, name);
    t.match(summary, /^\w.*[^.]$/);
  }
});

const valuesOf = (typed: string) => {
  const offers = new Map(BUILT_INS.map((offer) => [offer.name as string, offer]));
  const parsed = parseCommand(typed, offers, new Set(offers.keys()));
  return parsed.ok ? { ...parsed.value.values } : parsed.error.code;
};

t.test('the rest is taken as it was typed, whatever stands in it', async (t) => {
  t.strictSame(valuesOf(`deny K7QF-2M it's Friday, "really"`), {
    ...{ id: 'K7QF-2M', reason: `it's Friday, "really"` },
  });
  t.strictSame(valuesOf('deny K7QF-2M not now 👩\u200d🚒'), {
    ...{ id: 'K7QF-2M', reason: 'not now 👩\u200d🚒' },
  });
  t.equal(valuesOf('why 👩\u200d🚒'), 'bad_parameter');
  t.strictSame(valuesOf('deny K7QF-2M'), { id: 'K7QF-2M', reason: '' });
  t.strictSame(valuesOf(`break-glass "the site is down" deploy service=web '1.2.3'`), {
    ...{ reason: 'the site is down', command: `deploy service=web '1.2.3'` },
  });
  t.strictSame(valuesOf('break-glass down deploy web'), { reason: 'down', command: 'deploy web' });
  t.strictSame(valuesOf('allow 5 2h deploy service=api'), {
    ...{ times: '5', within: '2h', command: 'deploy service=api' },
  });
  t.strictSame(valuesOf('freeze all we move the database'), {
    ...{ scope: 'all', why: 'we move the database' },
  });
});

t.test('what needs more than was typed says so', async (t) => {
  for (const typed of [
    'approve',
    'otp K7QF-2M',
    'break-glass "down"',
    'review K7QF-2M',
    'freeze all',
  ])
    t.equal(valuesOf(typed), 'bad_parameter', typed);
  for (const typed of ['approve K7QF-2M now', 'unfreeze all please'])
    t.equal(valuesOf(typed), 'bad_parameter', typed);
});

t.test('what takes the rest has a parameter to take it', async (t) => {
  for (const { takesRest, parameters, name } of BUILT_INS)
    if (takesRest) t.ok(parameters.length > 0, name);
});
