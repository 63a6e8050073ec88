/** An action as the accomplice of somebody who wants to be taken for the daemon's user. */
import { lstatSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeControlFolder } from '../../src/control/folder.ts';
import { openProofs, proofContent } from '../../src/control/proof.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { openStage } from '../sandbox/fixtures/stage.ts';

const ASK = '{"v":1,"verb":"enrol","fields":{"factor":"totp","person":"bob"}}';

t.test('an action cannot be the user that it runs as', async (t) => {
  const place = await openOwnFolder('proofs');
  t.teardown(() => place[Symbol.asyncDispose]());
  const folder = await makeControlFolder(join(place.path, 'control'));
  const proofs = await openProofs(folder);
  const accomplice = t.testdir();
  const { playScript } = openStage(t, { hidden: [folder] });
  const challenge = proofs.issue();
  const script = 'umask 022; printf %s "$2" >"$1/proof"; cat "$3" 2>/dev/null';
  const content = proofContent(proofs.folder, challenge.name, ASK);
  const args = [accomplice, content, join(folder, 'host/secret')];
  const { text } = await playScript(script, { sandbox: { write: [accomplice] } }, ...args);
  t.equal(text, '', 'it does not see the secret');
  t.equal(lstatSync(join(accomplice, 'proof')).uid, process.getuid?.());
  renameSync(join(accomplice, 'proof'), join(folder, 'proofs', challenge.name));
  t.strictSame(await challenge.redeem(ASK, undefined), {
    ok: false,
    error: 'it is of root or of my own user, and the answer that they can give is missing',
  });
});
