import t from 'tap';
import { newLocalEvent, openTerminals } from '../../src/control/terminals.ts';
import { renderBlocks } from '../../src/output/block.ts';
import { LOCAL_PLACE } from '../../src/trust/local.ts';
import { room } from '../support/ids.ts';
import { RecordingChat } from '../support/recording-chat.ts';

const body = renderBlocks([{ kind: 'line', spans: ['hello'] }]);

t.test('what is said at a terminal goes to whoever has it open, and to nobody else', async (t) => {
  const rooms = new RecordingChat();
  const terminals = openTerminals();
  const chat = terminals.around(rooms);
  const [thread, other] = [newLocalEvent(), newLocalEvent()];
  const heard: string[] = [];
  const onlooker = {
    answered: (text: string) => void heard.push(text),
    moved: () => {},
    attached: (text: string) => void heard.push(`file ${text}`),
  };
  const file = { name: 'x', bytes: Buffer.from('all of it') };
  {
    using _open = terminals.open(thread, onlooker);
    await chat.post({ room: LOCAL_PLACE, thread, key: 'a/answer', body });
    await chat.post({ room: LOCAL_PLACE, thread, key: 'K7QF-2M/card', body });
    await chat.post({ room: LOCAL_PLACE, thread, key: 'K7QF-2M/file', body, file });
    await chat.post({ room: LOCAL_PLACE, thread: other, key: 'b/answer', body });
  }
  await chat.post({ room: LOCAL_PLACE, thread, key: 'c/answer', body });
  t.strictSame(heard, ['hello', 'file all of it']);
  t.equal(rooms.posts.length, 0);
  await chat.post({ room: room('!r:example.org'), key: 'd', body });
  t.equal(rooms.posts.length, 1, 'rooms are rooms as before');
});
