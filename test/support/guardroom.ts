/**
 * A desk with everything behind it and nothing in front of it: four people, a log in memory, a clock
 * that stands still, a sandbox in which nothing runs; and the ceremonies of the page for passkeys.
 */
import { History } from '../../src/audit/history.ts';
import { Standing } from '../../src/audit/standing.ts';
import type { ActionName } from '../../src/base/ids.ts';
import { parsePolicy } from '../../src/config/policy-file.ts';
import type { Desk } from '../../src/desk/desk.ts';
import { openDesk } from '../../src/desk/open.ts';
import { ask } from '../../src/desk/orders/ask.ts';
import { type Ceremonies, openCeremonies } from '../../src/desk/passkeys/ceremonies.ts';
import { type Links, openLinks } from '../../src/desk/passkeys/links.ts';
import type { Alive } from '../../src/desk/requests.ts';
import type { Policy } from '../../src/policy/model.ts';
import type { Chat, Post, State } from '../../src/ports.ts';
import type { RelyingParty } from '../../src/stepup/webauthn.ts';
import type { Trusted } from '../../src/trust/judge.ts';
import { device, event, person, room, roomName, user } from './ids.ts';
import { openLocalScreen } from './local-screen.ts';
import { ManualClock, settle } from './manual-clock.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { RecordingLog } from './recording-log.ts';
import { ScriptedSandbox } from './scripted-sandbox.ts';
import type { SoftPasskey } from './soft-passkey.ts';

const KEY = (name: string): string => `${name.toUpperCase()}/KEY/`.padEnd(43, 'A');

const POLICY = `version: 1
people:
  alice: { roles: [ops], accounts: [{ id: "@alice:example.org", identity: "${KEY('alice')}" }] }
  bob: { roles: [ops, dba], accounts: [{ id: "@bob:example.org", identity: "${KEY('bob')}" }] }
  carol: { roles: [security], accounts: [{ id: "@carol:example.org", identity: "${KEY('carol')}" }] }
  dave: { roles: [dba], accounts: [{ id: "@dave:example.org", identity: "${KEY('dave')}" }] }
rooms:
  danger: { id: "!danger:example.org" }
actions:
  db-failover:
    summary: Make another database the primary
    run: [/opt/ops/bin/db-failover, --to, "{target}"]
    params: { target: { pattern: ".*", max_length: 256 } }
    effect: destructive
    allow: { roles: [ops], rooms: [danger] }
    require:
      step_up: webauthn
      approvals: { count: 1, roles: [dba], step_up: webauthn }
      within: 30m
    sandbox: { network: ["db.internal:5432"], write: [/var/lib/failover], timeout: 15m }
  deploy:
    summary: Deploy a release
    run: [/opt/ops/bin/deploy, "{service}"]
    params: { service: { enum: [web, api] } }
    effect: change
    allow: { roles: [ops], rooms: [danger] }
    require: { approvals: { count: 1, roles: [dba], step_up: webauthn } }
`;

export class Guardroom {
  readonly clock: ManualClock;
  readonly ledger: MemoryLedger;
  readonly sandbox = new ScriptedSandbox();
  readonly log = new RecordingLog();
  readonly posts: Post[] = [];
  readonly links: Links;
  readonly desk: Desk;
  readonly ceremonies: Ceremonies;
  readonly party: RelyingParty;
  readonly fatal: unknown[] = [];
  policy: Policy;
  /** On the disk. */
  hasRoom = true;
  #count = 0;

  constructor(party: RelyingParty, clock = new ManualClock()) {
    this.party = party;
    this.clock = clock;
    this.policy = parse(POLICY);
    const history = new History();
    const standing = new Standing();
    this.ledger = new MemoryLedger({
      now: () => this.clock.now(),
      onEntry: (entry) => {
        history.note(entry);
        standing.note(entry);
      },
    });
    this.links = openLinks({ clock, origin: party.origin });
    const { desk } = openDesk({
      ...{ history, standing, clock, ledger: this.ledger, log: this.log, sandbox: this.sandbox },
      openScreen: openLocalScreen,
      ...{ chat: chatInto(this.posts), state: forgetfulState() },
      policy: () => this.policy,
      nonce: () => `nonce-${this.#count++}`,
      seal: (secret) => `sealed:${secret}`,
      unseal: (sealed) => sealed.slice(7),
      holdFiles: async (paths) => ({
        files: paths.map((path) => ({ path, sha256: 'ab'.repeat(32) })),
        open: [],
        changes: async () => [],
        [Symbol.asyncDispose]: async () => {},
      }),
      space: { hasRoom: async () => this.hasRoom },
      requesterChanges: async () => [],
      linkFor: (...errand) => this.links.issue(...errand),
      issuer: 'example.org',
      version: 'test',
      onFatal: (error) => this.fatal.push(error),
    });
    this.desk = desk;
    this.ceremonies = openCeremonies({
      ...{ desk, links: this.links, party },
      handleOf: (person) => new TextEncoder().encode(`handle of ${person}`),
    });
  }

  /** Another policy of the same shape, from one text of this one to the next. */
  changePolicy(from: string, to: string): void {
    this.policy = parse(POLICY.replace(from, to));
  }

  /** Somebody's message in the room `danger`, or in their direct room. */
  by(name: string, isDirect = false): Trusted {
    const [roomId, where] = isDirect
      ? (['!direct:example.org', 'direct'] as const)
      : (['!danger:example.org', 'danger'] as const);
    const id = event(`$message-${this.#count++}`);
    return {
      kind: 'trusted',
      person: person(name),
      account: user(`@${name}:example.org`),
      device: device('PHONE'),
      pinned: true,
      identity: KEY(name),
      room: roomName(where),
      roomId: room(roomId),
      isDirect,
      event: id,
      thread: id,
      session: 'session',
      index: this.#count,
      text: '',
    };
  }

  /** Alice asks for an action; resolves once it waits. */
  async ask(action: string, values: Readonly<Record<string, string>>): Promise<Alive> {
    const known = this.policy.actions.get(action as ActionName);
    if (!known) throw new Error(`no action ${action}`);
    await ask(this.desk, this.by('alice'), { kind: 'run', action: known, values });
    await this.settle();
    const alive = this.desk.requests.list().at(-1);
    if (alive?.request.frozen.action !== action) throw new Error('it is not open');
    return alive;
  }

  /** Enrols it as if the host had allowed it. */
  async enrol(name: string, { id, key }: Pick<SoftPasskey, 'id' | 'key'>): Promise<void> {
    await this.desk.enrolment.enrolPasskey(person(name), { id, key, rp: this.party.id }, 'host');
  }

  /** The token of the last link that was told to this person, out of what was told. */
  told(name: string): string {
    const texts = this.posts.filter(({ key }) => key.endsWith(`/direct/${name}`));
    const [, token = ''] = /\/p\/([\w-]{43})/.exec(texts.at(-1)?.body.text ?? '') ?? [];
    return token;
  }

  /** Lets everything that was set off go on until it waits for the clock. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await settle();
  }
}

export const tokenOf = (link: string): string => link.slice(link.lastIndexOf('/') + 1);

function parse(text: string): Policy {
  const parsed = parsePolicy(text, 'policy.yaml');
  if (!parsed.ok) throw new Error(parsed.error.map(({ message }) => message).join('\n'));
  return parsed.value.policy;
}

const chatInto = (posts: Post[]): Chat => ({
  async post(post) {
    if (!posts.some(({ key }) => key === post.key)) posts.push(post);
    return event(`$post-${posts.length}`);
  },
  openDirect: async (account) => room(`!direct-${account.slice(1)}`),
  redact: async () => {},
  async roomFacts() {
    throw new Error('nobody demands anything of a room here');
  },
});

/** What a restart would need; nothing restarts here. */
function forgetfulState(): State {
  const secrets = new Map<string, string>();
  return {
    owed: () => [],
    owe: async () => {},
    settle: async () => {},
    sealedSecret: (name) => secrets.get(name),
    keepSealedSecret: async (name, sealed) => void (sealed && secrets.set(name, sealed)),
  };
}
