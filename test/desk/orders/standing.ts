import t from 'tap';
import { person } from '../../support/ids.ts';
import { DeskHouse } from '../fixtures/desk-house.ts';

const WHY = 'the site is down';

t.test('what was done in an emergency is reviewed by somebody else, whom one trusts', async (t) => {
  const house = await DeskHouse.open();
  const { people } = house.policy;
  const erin = { ...people.get(person('dave')), name: person('carol'), roles: ['trainee'] };
  house.policy = {
    ...house.policy,
    people: new Map([...people, [erin.name, { ...erin, accounts: [], localUsers: [] }]]),
  };
  await house.order('alice', 'break-glass', WHY, 'deploy 1');
  const [{ request } = { request: '' }] = house.desk.standing.reviews();
  t.equal(
    await house.order('alice', 'review', request, 'fine'),
    'Somebody else has to review what you did.',
  );
  t.match(await house.order('carol', 'review', request, 'fine'), /does not ask you.*bob/);
  t.equal(house.desk.standing.reviews().length, 1);
  t.equal(
    await house.order('bob', 'review', 'ZZZZ-ZZ', 'fine'),
    'There is no review open for "ZZZZ-ZZ".',
  );
  t.equal(
    await house.order('bob', 'review', request, 'fine'),
    'bob closed the review of F0A8-WJ: ',
  );
  t.strictSame(house.desk.standing.reviews(), []);
});

t.test('where nobody else is trusted so, anybody else reviews', async (t) => {
  const house = await DeskHouse.open();
  await house.order('alice', 'break-glass', WHY, 'deploy 1');
  const [{ request } = { request: '' }] = house.desk.standing.reviews();
  const people = [...house.policy.people].map(
    ([name, one]) => [name, { ...one, roles: name === 'alice' ? one.roles : [] }] as const,
  );
  house.policy = { ...house.policy, people: new Map(people) };
  t.equal(
    await house.order('carol', 'review', request, 'fine'),
    'carol closed the review of F0A8-WJ: ',
  );
});
