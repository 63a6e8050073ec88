import t from 'tap';
import { deliver, IDBEvent, IDBVersionChangeEvent } from '../../../src/matrix/indexeddb/event.ts';

t.test('an event is given to its listener, and it is said whether there was one', async (t) => {
  const target = {};
  const heard: IDBEvent[] = [];
  const event = new IDBEvent('success', target);
  t.equal(
    deliver((each) => heard.push(each), event),
    true,
  );
  t.equal(deliver(null, event), false);
  t.same(heard, [event]);
  t.equal(heard[0]?.target, target);
});

t.test('the default of an event can be prevented', async (t) => {
  const event = new IDBEvent('error', {});
  t.equal(event.defaultPrevented, false);
  deliver((each) => each.preventDefault(), event);
  t.equal(event.defaultPrevented, true);
});

t.test('the event of an upgrade says from which version', async (t) => {
  const event = new IDBVersionChangeEvent({}, 3);
  t.equal(event.type, 'upgradeneeded');
  t.equal(event.oldVersion, 3);
});
