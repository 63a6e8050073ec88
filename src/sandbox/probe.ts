/**
 * Tries the sandbox: starts actions that attempt what no action may do, with bait laid out for
 * them, and compares what they got with what they should. What could not be tried has not passed.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describeError } from '../base/errors.ts';
import { HOME } from '../execution/bwrap.ts';
import type { Destination, Plan } from '../execution/plan.ts';
import type { Sandbox } from '../ports.ts';
import { type Bait, layBait } from './bait.ts';
import { requireArchitecture } from './host.ts';
import { openSandbox } from './launch.ts';
import { type NamedTrial, planTrials } from './trials.ts';

export interface Finding {
  /** A sentence that should be true. */
  readonly name: string;
  readonly ok: boolean;
  /** What was seen instead, if it is not. */
  readonly detail: string;
}

/** What an action got, by name. */
type Facts = Readonly<Record<string, string>>;

const DESTINATION = { host: 'probe.vaktrom.internal', port: 443 };
const PROCESSES = 64;
const PATIENCE_MS = 60_000;
const INSIDE = new URL('./probe-inside.mjs', import.meta.url);

/** Never rejects: where nothing can be tried, that is the finding. `hidden`: see `openSandbox`. */
export async function probeSandbox(hidden: readonly string[] = []): Promise<readonly Finding[]> {
  try {
    await using laid = await layBait(hidden);
    const dial = () => connect({ host: '127.0.0.1', port: laid.port });
    await using sandbox = openSandbox({ size: { columns: 160, rows: 50 }, hidden, dial });
    const trials = planTrials(requireArchitecture());
    const alone = await tryAll(sandbox, { bait: laid.bait, trials, network: [] });
    const connected = await tryAll(sandbox, { bait: laid.bait, trials, network: [DESTINATION] });
    return [
      ...judgeFacts(alone, [
        ...SENTENCES,
        ...trials.map(({ name, answers }) => [name, name, ...answers] as const),
      ]),
      ...judgeFacts(connected, CONNECTED),
    ];
  } catch (error) {
    return [{ name: 'an action can be tried', ok: false, detail: describeError(error) }];
  }
}

/** One of `expected` is right. */
type Expectation = readonly [sentence: string, fact: string, ...expected: readonly string[]];

/** One finding for each expectation, in order; a fact that is missing meets none. */
export function judgeFacts(facts: Facts, expectations: readonly Expectation[]): readonly Finding[] {
  return expectations.map(([name, fact, ...expected]) => {
    const seen = facts[fact];
    if (seen !== undefined && expected.includes(seen)) return { name, ok: true, detail: '' };
    return { name, ok: false, detail: seen === undefined ? 'not tried' : `it got "${seen}"` };
  });
}

interface Attempt {
  readonly bait: Bait;
  readonly trials: readonly NamedTrial[];
  readonly network: readonly Destination[];
}

async function tryAll(sandbox: Sandbox, { bait, trials, network }: Attempt): Promise<Facts> {
  const programs = trials.map(({ name, program }) => {
    return { name, program: Buffer.from(program).toString('base64') };
  });
  const addresses = [...bait.addresses, DESTINATION];
  const told = { ...bait, addresses, trials: programs, processes: PROCESSES };
  let output = '';
  const run = sandbox.start(planProbe(JSON.stringify(told), network), (bytes) => {
    output += Buffer.from(bytes).toString();
  });
  const impatience = setTimeout(() => run.kill(), PATIENCE_MS);
  const end = await run.ended;
  clearTimeout(impatience);
  if (end.kind === 'not_started') throw new Error(end.reason);
  return parseFacts(output.trim().split('\n').at(-1) ?? '');
}

/** The shell looks at the descriptors before node opens any of its own. */
function planProbe(told: string, network: readonly Destination[]): Plan {
  const script = '(ls /proc/$$/fd >/tmp/descriptors); exec "$@" /tmp/descriptors';
  const node = [
    process.execPath,
    '--input-type=module',
    '--eval',
    readFileSync(INSIDE, 'utf8'),
    told,
  ];
  return {
    argv: ['/bin/sh', '-c', script, 'sh', ...node],
    env: { PATH: '/usr/bin:/bin' },
    sandbox: { read: [process.execPath], write: [], network },
    limits: {
      timeoutMs: PATIENCE_MS,
      outputBytes: 1 << 20,
      memoryBytes: 2 ** 32,
      processes: PROCESSES,
    },
  };
}

function parseFacts(line: string): Facts {
  const facts: unknown = line.startsWith('{') ? JSON.parse(line) : {};
  const entries = Object.entries(facts ?? {}).map(([name, fact]) => [name, String(fact)] as const);
  if (entries.length === 0) throw new Error(`the probe did not report: ${line}`);
  return Object.fromEntries(entries);
}

const SENTENCES: readonly Expectation[] = [
  ['an action is nobody', 'user', '65534:65534'],
  ['it has no capability', 'capabilities', '0000000000000000'],
  ['it cannot gain privileges', 'noNewPrivileges', '1'],
  ['it is under a seccomp filter', 'seccomp', '2'],
  ['it does not know the name of the host', 'hostname', 'sandbox'],
  ['it leaves no core dump', 'core', '0'],
  ['it is the first to go when memory runs out', 'oomScore', '1000'],
  ['it inherits no descriptor beyond its terminal', 'descriptors', '0 1 2'],
  ['it sees no process of the host', 'processes', '1 2'],
  ['it cannot read the environment of the daemon', 'environments', ''],
  ['it sees nothing of the private folders of the host', 'visible', ''],
  ['it cannot write to the system', 'written', ''],
  ['it cannot turn the knobs of the kernel', 'knobs', 'shut'],
  ['its working directory is private and empty', 'home', HOME],
  ['it has no network', 'interfaces', 'lo'],
  ['it reaches no port and no socket of the host', 'reached', '[]'],
  ['it cannot have more processes than planned', 'children', 'refused'],
];

const CONNECTED: readonly Expectation[] = [
  [
    'with a destination it reaches that, and nothing else',
    'reached',
    JSON.stringify([DESTINATION]),
  ],
  ['with a destination it has no further network', 'interfaces', 'lo'],
];
