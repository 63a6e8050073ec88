import t from 'tap';
import { invocation } from '../../src/cli/invocation.ts';

t.test('a command is shown as it was typed', async (t) => {
  const npm = { npm_lifecycle_event: 'vaktrom' };
  t.equal(invocation('doctor', 'ops', npm), 'npm run -s vaktrom -- doctor --dir ops');
  t.equal(invocation('doctor', 'ops', {}), 'vaktrom doctor --dir ops');
  t.equal(invocation('doctor', 'ops', { npm_lifecycle_event: 'test' }), 'vaktrom doctor --dir ops');
});

t.test('the folder is left out where it would be found without', async (t) => {
  t.equal(invocation('run', '/etc/vaktrom', {}), 'vaktrom run');
  t.equal(invocation('run', '/srv/ops', { VAKTROM_DIR: '/srv/ops' }), 'vaktrom run');
  const elsewhere = { VAKTROM_DIR: '/srv/ops' };
  t.equal(invocation('run', '/etc/vaktrom', elsewhere), 'vaktrom run --dir /etc/vaktrom');
});

t.test('a folder with any name can be pasted into a shell', async (t) => {
  t.equal(invocation('run', "it's mine", {}), "vaktrom run --dir 'it'\\''s mine'");
  t.equal(invocation('run', '$(reboot)', {}), "vaktrom run --dir '$(reboot)'");
  t.equal(invocation('run', '', {}), "vaktrom run --dir ''");
});
