/** What other users of the host read of an action in the process list. */
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { openStage, until } from './fixtures/stage.ts';

/** The command lines of every process, as any user may read them. */
const commandLines = (): string =>
  readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // it is gone
      }
    })
    .join('\n');

t.test('the environment of an action is not in the process list', async (t) => {
  const { start } = openStage(t);
  const token = `token-${process.pid}`;
  const { run, text } = start(`echo "$TOKEN"; exec sleep 60`, { env: { TOKEN: token } });
  await until(() => text() === `${token}\n`);
  const seen = commandLines();
  t.ok(seen.includes('--json-status-fd'), 'bubblewrap is in the list');
  t.notOk(seen.includes(token));
  run.kill();
  await run.ended;
});
