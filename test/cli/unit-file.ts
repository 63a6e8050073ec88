import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseService } from '../../src/cli/unit-file.ts';

const UNIT = `# /etc/systemd/system/vaktrom.service
[Unit]
Description=A service
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStartPre=/bin/true
ExecStart=@/opt/vaktrom/src/vaktrom.sh vaktrom run --dir /etc/vaktrom
Restart=always
 User = vaktrom
# A comment, ended by \\
RestrictNamespaces=user mnt \\
# in between
  pid
; another comment
CapabilityBoundingSet=
LoadCredentialEncrypted=audit-key:/etc/vaktrom/credentials/audit-key
SetCredential=note:a=b
Environment="PLACE=%H" LIMIT=5%%
WatchdogSec=180

[Install]
WantedBy=multi-user.target

# /etc/systemd/system/vaktrom.service.d/more.conf
[Service]
RestrictSUIDSGID=yes
ExecStart=
ExecStart=-/usr/bin/vaktrom run
`;

t.test('what surrounds the process is taken, in order, drop-ins last', async (t) => {
  t.strictSame(parseService(UNIT), {
    properties: [
      'User=vaktrom',
      'RestrictNamespaces=user mnt  pid',
      'CapabilityBoundingSet=',
      'LoadCredentialEncrypted=audit-key:/etc/vaktrom/credentials/audit-key',
      'SetCredential=note:a=b',
      'RestrictSUIDSGID=yes',
    ],
    credentials: [
      'LoadCredentialEncrypted=audit-key:/etc/vaktrom/credentials/audit-key',
      'SetCredential=note:a=b',
    ],
    unsaid: ['Environment="PLACE=%H" LIMIT=5%%'],
    program: '/usr/bin/vaktrom',
  });
});

t.test('a unit without a program, or without a service, has none', async (t) => {
  t.equal(parseService('[Service]\nUser=a\n').program, undefined);
  t.strictSame(parseService('User=a\n[Socket]\nUser=b\n').properties, []);
  t.equal(parseService('[Service]\nExecStart=relative run\n').program, undefined);
});

t.test('of our own unit nothing is lost that takes something away', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '../../systemd/vaktrom.service'), 'utf8');
  const { properties, unsaid, program } = parseService(text);
  t.strictSame(unsaid, []);
  t.equal(program, '/opt/vaktrom/src/vaktrom.sh');
  const keys = new Set(properties.map((property) => property.split('=')[0]));
  const [, service = ''] = text.split('[Service]\n');
  const [body = ''] = service.split('[Install]');
  const all = new Set([...body.matchAll(/^([A-Za-z]+)=/gm)].map(([, key]) => key));
  t.strictSame(
    [...all].filter((key) => !keys.has(key)),
    [
      ...['Type', 'NotifyAccess', 'ExecStart', 'ExecReload', 'Restart', 'RestartPreventExitStatus'],
      ...['RestartSec', 'RestartSteps', 'RestartMaxDelaySec', 'TimeoutStartSec', 'TimeoutStopSec'],
      ...['WatchdogSec', 'WatchdogSignal', 'SyslogIdentifier', 'SyslogLevel'],
    ],
  );
});
