import t from 'tap';
import { person } from '../../support/ids.ts';
import { totpCode } from '../../support/totp-code.ts';
import { DeskHouse } from '../fixtures/desk-house.ts';

t.test('what was shown to set up codes is blanked once they are', async (t) => {
  const house = await DeskHouse.open();
  await house.order('bob', 'recover', 'alice');
  await house.order('dave', 'recover', 'alice');
  await house.settle();
  const [, ticket = ''] = /!enrol ([0-9A-Z]{24})/.exec(house.chat.texts.at(-1) ?? '') ?? [];

  t.equal(
    await house.order('alice', 'enrol', ticket),
    'Then type !enrol and the code that your app shows. I blank the secret once it is set up.',
  );
  await house.settle();
  const [text, picture] = house.chat.posts.slice(-2);
  const [, secret = ''] = /into the app: .?([A-Z2-7]{32})/.exec(text?.body.text ?? '') ?? [];
  t.hasStrict(
    [text?.room, picture?.file?.name],
    [house.desk.standing.directRoomOf('alice'), 'qr.gif'],
  );

  t.equal(
    await house.order('alice', 'enrol', '000000'),
    'That is not the code that your app shows for it. Look again; the clocks may differ.',
  );
  await house.settle();
  t.strictSame(house.chat.redacted, []);
  t.equal(
    await house.order('alice', 'enrol', totpCode(secret, house.clock.now())),
    '✓ Your one-time codes are set up.',
  );
  await house.settle();
  t.hasStrict(house.chat.redacted, [{ room: text?.room }, { room: text?.room }]);
  t.equal(new Set(house.chat.redacted.map(({ event }) => event)).size, 2);
  await house.clock.advance(60_000);
  t.ok(
    (await house.desk.codes.spend(person('alice'), totpCode(secret, house.clock.now()), 'x')).ok,
  );
});
