import t from 'tap';
import { answer } from '../../src/answer/answer.ts';
import { renderBlocks } from '../../src/output/block.ts';
import { DeskHouse } from '../desk/fixtures/desk-house.ts';
import { withRoles } from '../desk/orders/fixtures/row.ts';
import { NAMES, type Name } from '../model/fixtures/scenarios.ts';

async function asked(house: DeskHouse, who: Name, name: 'jobs' | 'pending'): Promise<string> {
  const { desk } = house;
  const blocks = await answer(
    name,
    {},
    {
      ...{ by: house.by(who), policy: house.policy, standing: desk.standing, drift: undefined },
      ...{ now: house.clock.now(), version: 'test', jobs: desk.requests.list() },
      ...{ head: desk.ledger.head(), entries: () => desk.ledger.entries() },
    },
  );
  return renderBlocks(blocks).text;
}

t.test('what runs and what waits is shown to those whose business it is', async (t) => {
  const house = await DeskHouse.open();
  const outsiders = NAMES.filter((name) => name !== 'alice');
  house.policy = withRoles(
    house.policy,
    Object.fromEntries(outsiders.map((name) => [name, ['guests']])),
  );
  const [running, waiting] = [
    await house.ask('quick', 'alice', { n: '1' }),
    await house.ask('deploy', 'alice', { n: '2' }),
  ];
  t.equal(await asked(house, 'alice', 'jobs'), `${running} quick 1 · alice · running for 0 s`);
  t.equal(
    await asked(house, 'alice', 'pending'),
    `${waiting} deploy 2 · alice · needs 1 sign-off from ops (not alice) · 2 min left`,
  );
  for (const name of outsiders) {
    t.equal(await asked(house, name, 'jobs'), 'Nothing is running.', name);
    t.equal(await asked(house, name, 'pending'), 'Nothing waits.', name);
  }
});
