/** A media server that lies: the full output of a run is an encrypted file. */
import type { Json } from '../../src/base/bytes.ts';
import { Reply } from '../../src/demo/homeserver/request.ts';
import { eventually } from '../people/eventually.ts';
import { type Case, type Group, type Outcome, tell } from './fixtures/case.ts';
import { BOT, type Stage } from './fixtures/stage.ts';

const UPLOAD = /\/media\/v3\/upload$/;

/** A run with long output, while uploads are answered so. */
const answered = (
  name: string,
  does: string,
  replies: readonly Reply[],
  expect: Outcome,
): Case => ({
  name,
  does,
  async lie(stage) {
    let count = 0;
    stage.server.answer(UPLOAD, () => replies[count++]);
    await runLong(stage);
    await eventually(() => count >= replies.length || undefined);
  },
  expect,
});

/** Until its last word is said. */
async function runLong(stage: Stage): Promise<void> {
  const { position } = stage.server;
  await stage.say(stage.bob, '!long');
  await eventually(async () => {
    const said = await stage.ear.said(BOT, stage.ops, position);
    return said.some(({ body }) => body.includes('exit 0')) || undefined;
  });
}

const uri = (content_uri: Json): Reply => new Reply(200, { content_uri });
const LOST: Outcome = {
  ran: 1,
  said: /300 lines/,
  logged: /not announced/,
  note: 'The card says how it ended; the file is tried again after the next start.',
};

export const MEDIA: Group = {
  title: 'Media',
  cases: [
    answered(
      'an upload that is refused',
      'answers 413 to the output of a run',
      [new Reply(413, { errcode: 'M_TOO_LARGE' })],
      LOST,
    ),
    answered(
      'an upload without an address',
      'takes a file and does not say where it is',
      [new Reply(200, {})],
      LOST,
    ),
    answered('an address that is none', 'says that the file is at a number', [uri(7)], LOST),
    answered(
      'an address of another kind',
      'says that the file is at `javascript:alert(1)`',
      [uri('javascript:alert(1)')],
      LOST,
    ),
    answered(
      'an address over several lines',
      'says that the file is at an address with line breaks',
      [uri('mxc://x/y\n\nevil')],
      LOST,
    ),
    answered(
      'an upload that fails and then does not',
      'answers 500 to an upload, twice',
      [new Reply(500, {}), new Reply(502, {})],
      { ran: 1, said: /full output attached/ },
    ),
    {
      name: 'a look into the files',
      does: 'reads all that was uploaded',
      async lie(stage) {
        await runLong(stage);
        const { media } = stage.server.state;
        const files = await eventually(() => (media.size > 0 ? [...media.values()] : undefined));
        for (const { data, contentType } of files) {
          if (Buffer.from(data).includes('line ')) throw new Error('it can be read');
          if (contentType !== 'application/octet-stream') throw new Error(`it is ${contentType}`);
        }
      },
      expect: { ran: 1, note: 'The files are encrypted, and their kind is not told.' },
    },
  ],
};

if (import.meta.main) tell(MEDIA);
