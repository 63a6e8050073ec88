/** Answers the questions that a command asks somebody at a terminal. */
import { Authenticator } from '../people/authenticator.ts';
import { awaitVerification, reachEmoji } from '../people/comparing.ts';
import type { Person } from '../people/person.ts';
import { type AtTerminal, ENTER } from '../support/at-terminal.ts';
import type { Server } from './house.ts';

export interface Sitter {
  readonly server: Server;
  readonly bot: string;
  readonly botPassword: string;
  /** Compares emoji, if the command asks for that. */
  readonly verifier: Person;
}

/** `words` is the command without the program's name. Resolves with the app that it enrolled, if it did. */
export async function answerQuestions(
  terminal: AtTerminal,
  words: string,
  { server, bot, botPassword, verifier }: Sitter,
): Promise<Authenticator | undefined> {
  const say = async (question: string, answer: string): Promise<void> => {
    await terminal.sees(question);
    terminal.types(`${answer}${ENTER}`);
  };
  if (/^init\b/.test(words)) {
    await say('Account of the bot (@name:server):', bot);
    await say(`Homeserver, by name or URL [${server.serverName}]:`, server.baseUrl);
    await say(`Password of ${bot}:`, botPassword);
  } else if (words.startsWith('identity verify')) {
    // If the command ends before it asks, nobody is ever asked to verify. Then show why it ended.
    const ended = terminal.ended.then(({ lines }) => Promise.reject(new Error(lines.join('\n'))));
    ended.catch(() => {}); // it ends well later on
    const theirs = await Promise.race([awaitVerification(verifier).then(reachEmoji), ended]);
    await say('Is it the same, in this order? yes or no:', 'yes');
    await theirs.confirm();
  } else if (words.startsWith('identity pin'))
    await say('Pin it? From then on, that identity is this person. yes or no:', 'yes');
  else if (words.startsWith('enrol totp')) {
    const shown = await terminal.sees('The code that the app shows:'); // the whole link is there
    const app = new Authenticator(/otpauth:\S+/.exec(shown.join('\n'))?.[0] ?? '');
    await say('The code that the app shows:', await app.next());
    return app;
  }
  return undefined;
}
