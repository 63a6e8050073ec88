import t from 'tap';
import { Fault } from '../../src/base/errors.ts';
import { formatFinding, lookInto } from '../../src/cli/finding.ts';

t.test('a check finds that it is so, something to know, or what is wrong', async (t) => {
  const said = async (...args: Parameters<typeof lookInto>) =>
    formatFinding(await lookInto(...args));
  t.equal(await said('it is so', async () => ''), 'ok    it is so');
  t.equal(await said('it is so', async () => 'seen'), 'ok    it is so: seen');
  t.equal(await said('it is so', async () => ({ note: 'but' })), 'note  it is so: but');
  const broken = () => Promise.reject(new Fault('file_unsafe', 'open', new Error('why')));
  t.equal(await said('it is so', broken), 'BAD   it is so: open: why');
});

t.test('a secret that may be a credential comes with what to type', async (t) => {
  const missing = () => Promise.reject(new Fault('secret_missing', 'there is none'));
  const before = process.env['CREDENTIALS_DIRECTORY'];
  t.teardown(() => {
    if (before !== undefined) process.env['CREDENTIALS_DIRECTORY'] = before;
    else delete process.env['CREDENTIALS_DIRECTORY'];
  });
  delete process.env['CREDENTIALS_DIRECTORY'];
  t.equal(
    (await lookInto('secrets', missing)).detail,
    'there is none; if it is a credential of the service, type as root: vaktrom doctor --unit',
  );
  process.env['CREDENTIALS_DIRECTORY'] = '/run/credentials/vaktrom.service';
  t.equal((await lookInto('secrets', missing)).detail, 'there is none');
});
