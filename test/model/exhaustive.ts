/**
 * Every life that a request of one person and three approvers can have, walked through breadth-first:
 * the real state machine against the law in fixtures/law.ts.
 */
import t from 'tap';
import { settle } from '../support/manual-clock.ts';
import { PHASES, phasesOf } from './fixtures/law.ts';
import { livesOf, type Moment, type Step } from './fixtures/lives.ts';
import { SCENARIOS, type Scenario } from './fixtures/scenarios.ts';

interface Walk {
  readonly states: number;
  readonly transitions: number;
  /** The way to the first moment that is not as it has to be. */
  readonly fault: string | undefined;
  readonly phases: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

interface Visited {
  readonly moment: Moment;
  readonly label: string;
  readonly from: Visited | undefined;
}

async function walk(scenario: Scenario): Promise<Walk> {
  const lives = livesOf(scenario);
  const seen = new Set([lives.keyOf(lives.first)]);
  const phases = new Set<string>();
  const kinds = new Set<string>();
  let level: Visited[] = [{ moment: lives.first, label: 'begin', from: undefined }];
  let transitions = 0;
  while (level.length > 0) {
    const next: Visited[] = [];
    for (const at of level)
      for (const step of await lives.next(at.moment)) {
        transitions++;
        const visited = { moment: step.moment, label: step.label, from: at };
        const summary = { states: seen.size, transitions, phases, kinds };
        if (step.faults.length > 0) return { ...summary, fault: describeWay(visited, step) };
        const key = lives.keyOf(step.moment);
        if (seen.has(key)) continue;
        seen.add(key);
        kinds.add(step.moment.state?.kind ?? 'gone');
        for (const phase of phasesOf(step.moment.log)) phases.add(phase);
        next.push(visited);
      }
    level = next;
    await settle(); // so that the test's own timeout can have its say
  }
  return { states: seen.size, transitions, fault: undefined, phases, kinds };
}

function describeWay(end: Visited, { faults }: Step): string {
  const way: string[] = [];
  for (let at: Visited | undefined = end; at; at = at.from) way.unshift(at.label);
  return `${way.join(' · ')} ⇒ ${faults.join(', ')}`;
}

t.test('no life of a request breaks the law', async (t) => {
  const phases = new Set<string>();
  const kinds = new Set<string>();
  let states = 0;
  let transitions = 0;
  for (const scenario of SCENARIOS) {
    const seen = await walk(scenario);
    t.equal(seen.fault, undefined, scenario.name);
    t.comment(`${scenario.name}: ${seen.states} states, ${seen.transitions} transitions`);
    states += seen.states;
    transitions += seen.transitions;
    for (const phase of seen.phases) phases.add(phase);
    for (const kind of seen.kinds) kinds.add(kind);
  }
  t.comment(`in all ${states} states, ${transitions} transitions`);
  t.strictSame([...phases].sort(), [...PHASES].sort(), 'every phase was reached');
  t.strictSame([...kinds].sort(), KINDS, 'every state of the machine was reached');
});

const KINDS = [
  'checking',
  'closed',
  'closing',
  'ended',
  'ending',
  'gone',
  'granted',
  'intending',
  'new',
  'running',
  'waiting',
];
