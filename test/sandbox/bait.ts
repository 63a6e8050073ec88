import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import t from 'tap';
import { layBait } from '../../src/sandbox/bait.ts';

t.test('bait is there to be had, until it is taken away', async (t) => {
  const folder = t.testdir({ state: { key: '' } });
  const laid = await layBait([`${folder}/state`, '/', '/nowhere']);
  const { secret, addresses, hidden } = laid.bait;
  t.ok(Object.values(process.env).includes(secret));
  t.ok(hidden.includes(`${folder}/state/key`));
  t.ok(hidden.length > 5);
  for (const path of hidden) {
    t.ok(readdirSync(path.slice(0, path.lastIndexOf('/'))).includes(path.split('/').at(-1) ?? ''));
    t.notOk(path.startsWith('/usr/') || process.execPath.startsWith(`${path}/`), path);
  }
  t.equal(addresses.length, 2);
  for (const address of addresses) await once(connect(address), 'connect');
  await laid[Symbol.asyncDispose]();
  t.notOk(Object.values(process.env).includes(secret));
  for (const address of addresses) {
    await t.rejects(once(connect(address), 'connect'), { code: /^ECONNREFUSED$/ });
  }
  t.ok(existsSync(folder));
});
