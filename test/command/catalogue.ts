import t from 'tap';
import { parseActionName } from '../../src/base/ids.ts';
import { BUILT_INS, isBuiltIn } from '../../src/command/catalogue.ts';

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

t.test('what takes the rest has a parameter to take it', async (t) => {
  for (const { takesRest, parameters, name } of BUILT_INS)
    if (takesRest) t.ok(parameters.length > 0, name);
});
