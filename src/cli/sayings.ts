/** The commands that say something to the running daemon, as data: see local.ts. */
import { quoteWord } from './local.ts';

export interface Saying {
  readonly name: string;
  readonly about: string;
  /** As commander writes them. */
  readonly args: readonly string[];
  /** What the arguments are in the words of a room. */
  readonly say: (...given: readonly string[]) => readonly string[];
}

const ACTION = ['<action>', '[values...]'] as const;

const onRequest = (name: string, about: string): Saying => ({
  name,
  about,
  args: ['<id>'],
  say: (id = '') => [name, quoteWord(id)],
});

export const SAYINGS: readonly Saying[] = [
  {
    name: 'request',
    about: 'run an action from this terminal: vaktrom request deploy service=web version=1.2.3',
    args: ACTION,
    say: (...words) => words.map(quoteWord),
  },
  {
    name: 'pending',
    about: 'what waits for a proof or a sign-off',
    args: [],
    say: () => ['pending'],
  },
  onRequest('show', 'one request, exactly'),
  onRequest('approve', 'sign off the request of another person'),
  {
    name: 'deny',
    about: 'end the request of another person',
    args: ['<id>', '<reason...>'],
    say: (id = '', ...reason) => ['deny', quoteWord(id), ...reason],
  },
  onRequest('start', 'start your request that has been granted'),
  onRequest('cancel', 'withdraw your request, or stop a run'),
  {
    name: 'why',
    about: 'what the policy says to a request from this terminal, without running it',
    args: ACTION,
    say: (...words) => ['why', ...words.map(quoteWord)],
  },
  {
    name: 'allow',
    about: 'ask that you may run an action some times: vaktrom allow 5 2h deploy service=api',
    args: ['<times>', '<within>', ...ACTION],
    say: (...words) => ['allow', ...words],
  },
];
