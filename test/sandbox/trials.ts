import t from 'tap';
import { planTrials } from '../../src/sandbox/trials.ts';

t.test('each architecture has its trials, each a program with a name of its own', async (t) => {
  for (const [architecture, machine, count] of [
    ['x64', 62, 31],
    ['arm64', 183, 24],
  ] as const) {
    const trials = planTrials(architecture);
    t.equal(trials.length, count);
    t.equal(new Set(trials.map(({ name }) => name)).size, count);
    t.equal(new Set(trials.map(({ program }) => Buffer.from(program).toString('hex'))).size, count);
    for (const { name, program } of trials) t.equal(program[18], machine, name);
  }
});

t.test('one of them must succeed, so that refusing everything does not pass', async (t) => {
  for (const architecture of ['x64', 'arm64'] as const) {
    const done = planTrials(architecture).filter(({ answers }) => answers.includes('errno 0'));
    t.equal(done.length, 1);
  }
});

t.test(
  'a call in another way may be refused or killed, by whichever filter comes first',
  async (t) => {
    const answersTo = (name: string) =>
      planTrials('x64').find((trial) => trial.name === name)?.answers;
    t.strictSame(answersTo('a system call by the numbers of x32 is not done'), [
      'errno 38',
      'SIGSYS',
    ]);
    t.strictSame(answersTo('a system call by the numbers of i386 is the last'), [
      'SIGSYS',
      'SIGSEGV',
    ]);
  },
);
