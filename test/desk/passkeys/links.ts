import t from 'tap';
import { LINK_MS, openLinks } from '../../../src/desk/passkeys/links.ts';
import { tokenOf } from '../../support/guardroom.ts';
import { person, request } from '../../support/ids.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ORIGIN = 'https://ops.example.org';
const BOB = person('bob');

function open() {
  const clock = new ManualClock();
  const links = openLinks({ clock, origin: ORIGIN });
  const issue = () => {
    const token = tokenOf(links.issue(BOB, 'approval', request('K7QF-2M')));
    const link = links.find(token);
    if (!link) throw new Error('not found');
    return { token, link };
  };
  return { clock, links, issue };
}

t.test('a link is for one person, one errand and one request, and cannot be guessed', async (t) => {
  const { links, issue } = open();
  t.match(links.issue(BOB, 'enrolment'), /^https:\/\/ops\.example\.org\/p\/[\w-]{43}$/);
  const [one, other] = [issue(), issue()];
  t.not(one.token, other.token);
  t.hasStrict(one.link, { person: 'bob', errand: 'approval', request: 'K7QF-2M' });
  t.equal(links.find('A'.repeat(43)), undefined);
});

t.test(
  'it ends by being used, by its age, or after three wrong answers; and is found still',
  async (t) => {
    const { clock, links, issue } = open();
    const [used, tried, old] = [issue(), issue(), issue()];
    links.spend(used.link);
    t.notOk(links.isLive(used.link));
    links.countWrong(used.link);
    t.notOk(links.isLive(used.link), 'nothing brings it back');
    for (let wrong = 1; wrong <= 3; wrong++) {
      t.ok(links.isLive(tried.link), `before the wrong answer number ${wrong}`);
      links.countWrong(tried.link);
    }
    t.notOk(links.isLive(tried.link));
    await clock.advance(LINK_MS - 1);
    t.ok(links.isLive(old.link));
    await clock.advance(1);
    t.notOk(links.isLive(old.link));
    t.ok(links.find(old.token), 'so that its holder can be told');
  },
);

t.test('however many are asked for, memory is bounded, and the newest are good', async (t) => {
  const { links, issue } = open();
  const first = issue();
  for (let i = 0; i < 5000; i++) links.issue(BOB, 'enrolment');
  t.equal(links.find(first.token), undefined);
  t.ok(links.isLive(issue().link));
});
