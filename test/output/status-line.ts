import t from 'tap';
import { renderStatus } from '../../src/output/status-line.ts';

const WELL = { hasRoom: true, isReady: true, silentSince: undefined, waiting: 0, running: 0 };

t.test('one line says how the daemon is, what is wrong first', async (t) => {
  t.equal(renderStatus(WELL), 'in sync; 0 requests waiting; 0 running');
  t.equal(
    renderStatus({ ...WELL, isReady: false, waiting: 1, running: 2 }),
    'waiting for the first sync; 1 request waiting; 2 running',
  );
  const silentSince = Date.parse('2026-01-05T10:00:00Z');
  t.equal(
    renderStatus({ ...WELL, silentSince }),
    'no answer from the homeserver since 2026-01-05T10:00:00.000Z; 0 requests waiting; 0 running',
  );
  t.equal(
    renderStatus({ ...WELL, hasRoom: false }),
    'THE DISK IS FULL: commands are refused; in sync; 0 requests waiting; 0 running',
  );
});
