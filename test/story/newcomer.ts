/**
 * Somebody new follows README.md: its blocks are typed as they stand, in their order, at a terminal, and
 * its prose is done by people with clients of somebody else's making. Where the terminal is, and which
 * homeserver it is, is the caller's to say.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Authenticator } from '../people/authenticator.ts';
import { openPerson, type Person } from '../people/person.ts';
import type { AtTerminal } from '../support/at-terminal.ts';
import type { Server } from './house.ts';
import { answerQuestions } from './questions.ts';

export interface Desk {
  /** Starts a line of shell in the checkout, at a terminal of its own. */
  readonly type: (line: string) => AtTerminal;
  /** Writes `policy.yaml` in the directory of the README's commands. */
  readonly writePolicy: (text: string) => Promise<void>;
}

interface Block {
  readonly language: string;
  readonly body: string;
}

const README = join(import.meta.dirname, '..', '..', 'README.md');
const BOT = 'vaktrom';
const REQUEST = /^⏸ deploy web 1\.2\.3 · request ([0-9A-Z]{4}-[0-9A-Z]{2})$/m;

/** The blocks of the chapter under a heading, without their indentation. */
export function blocksUnder(heading: string): readonly Block[] {
  const [, chapter = ''] = readFileSync(README, 'utf8').split(`## ${heading}\n`);
  const [body = ''] = chapter.split('\n## ');
  return [...body.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)].map(
    ([, indent = '', language = '', text = '']) => ({
      language,
      body: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd(),
    }),
  );
}

export async function followReadme(t: Test, server: Server, desk: Desk): Promise<void> {
  await using newcomer = await Newcomer.open(t, server, desk);
  for (const block of blocksUnder('Ten minutes to a real room')) await newcomer.follow(block);
  for (const block of blocksUnder('To the first `!deploy`')) await newcomer.follow(block);
  await newcomer.deploy();
}

class Newcomer implements AsyncDisposable {
  readonly #t: Test;
  readonly #server: Server;
  readonly #desk: Desk;
  readonly #alice: Person;
  readonly #bob: Person;
  readonly #room: string;
  /** Lines that count for those after them. */
  #exports = '';
  #daemon: AtTerminal | undefined;
  #app: Authenticator | undefined;

  static async open(t: Test, server: Server, desk: Desk): Promise<Newcomer> {
    await server.register(BOT, 'password of the bot');
    const person = async (name: string): Promise<Person> => {
      const password = `password of ${name}`;
      await server.register(name, password);
      return openPerson({ baseUrl: server.baseUrl, name, password });
    };
    const [alice, bob] = [await person('alice'), await person('bob')];
    const room = await alice.createRoom([bob.userId]);
    await bob.join(room);
    return new Newcomer(t, server, desk, { alice, bob, room });
  }

  private constructor(
    t: Test,
    server: Server,
    desk: Desk,
    { alice, bob, room }: { readonly alice: Person; readonly bob: Person; readonly room: string },
  ) {
    this.#t = t;
    this.#server = server;
    this.#desk = desk;
    this.#alice = alice;
    this.#bob = bob;
    this.#room = room;
  }

  async follow({ language, body }: Block): Promise<void> {
    const text = this.#filledIn(body);
    if (language === 'yaml') return this.#desk.writePolicy(text);
    if (language !== 'sh') throw new Error(`nobody types a block of ${language}`);
    for (const line of text.split('\n'))
      if (line.startsWith('export ')) this.#exports += `${line}; `;
      else await this.#type(line);
  }

  /** The people's part of the last chapter. */
  async deploy(): Promise<void> {
    const [alice, bob, room, bot] = [this.#alice, this.#bob, this.#room, this.#bot];
    await alice.say(room, '!direct');
    const { roomId: direct } = await alice.waitForAny(
      (h) => h.sender === bot && h.stateKey === alice.userId && h.roomId !== room,
    );
    await alice.join(direct);
    await alice.say(room, '!deploy web 1.2.3');
    const asked = await alice.waitFor(room, (h) => REQUEST.test(h.body));
    const [, id = ''] = REQUEST.exec(asked.body) ?? [];
    await alice.say(direct, `otp ${id} ${await this.#app?.next()}`);
    await alice.waitFor(direct, (h) => h.sender === bot && /✓/.test(h.body));
    await bob.say(room, `!approve ${id}`);
    const done = await alice.waitFor(room, (h) => h.body.startsWith('✓ deploy web 1.2.3'));
    this.#t.ok(done.body.split('\n').includes('│ deployed web 1.2.3'), done.body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.[Symbol.asyncDispose]();
    await this.#alice[Symbol.asyncDispose]();
    await this.#bob[Symbol.asyncDispose]();
  }

  get #bot(): string {
    return `@${BOT}:${this.#server.serverName}`;
  }

  #filledIn(text: string): string {
    return text
      .replaceAll('!the-room-id:example.org', this.#room)
      .replaceAll(':example.org', `:${this.#server.serverName}`);
  }

  async #type(line: string): Promise<void> {
    const terminal = this.#desk.type(`${this.#exports}${line}`);
    const [, words = ''] = /^npm run -s vaktrom -- (.*)$/.exec(line) ?? [];
    if (words === 'run') {
      this.#daemon = terminal;
      await terminal.sees('ready');
      return this.#lookAround();
    }
    await using _closed = terminal;
    const app = await answerQuestions(terminal, words, {
      ...{ server: this.#server, bot: this.#bot, botPassword: 'password of the bot' },
      verifier: words.includes('@bob') ? this.#bob : this.#alice,
    });
    this.#app = app ?? this.#app;
    const { code, lines } = await terminal.ended;
    this.#t.equal(code, 0, [line, ...lines].join('\n'));
  }

  /** Step 5: the bot is invited, and answers. */
  async #lookAround(): Promise<void> {
    const alice = this.#alice;
    await alice.session.client.invite(this.#room, this.#bot);
    await alice.waitForMembership(this.#room, { userId: this.#bot, membership: 'join' });
    await alice.say(this.#room, '!help');
    await alice.waitFor(this.#room, (h) => h.sender === this.#bot && /uptime/.test(h.body));
    await alice.say(this.#room, '!uptime');
    const heard = await alice.waitFor(this.#room, (h) => h.body.startsWith('✓ uptime'));
    this.#t.match(heard.body, /load average/);
  }
}
