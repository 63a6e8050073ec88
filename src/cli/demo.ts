/** `vaktrom demo`: the story on this machine, then a prompt to type in. */
import { Fault } from '../base/errors.ts';
import { openOwnFolder } from '../demo/folder.ts';
import { openPrint } from '../demo/print.ts';
import { openStage, type Stage } from '../demo/stage.ts';
import { tellStory } from '../demo/story.ts';
import type { ExitCode, Io } from './io.ts';
import { catchSignals } from './signals.ts';

export async function demo(io: Io): Promise<ExitCode> {
  const print = openPrint(io.out, process.stdout.isTTY === true);
  io.out(
    'Vaktrom, on this machine: real encryption, a real sandbox, a real log; the homeserver is a small',
  );
  io.out('one in this process, on 127.0.0.1, and everything is gone when the demo ends.');
  using signals = catchSignals();
  await using folder = await openOwnFolder('demo');
  await using stage = await signals.during(openStage(folder.path));
  await signals.during(Promise.race([tellStory(stage, print), stage.daemon.failed]));
  if (io.ask) await signals.during(prompt(stage, io, io.ask, print.says));
  return 0;
}

async function prompt(
  { alice, danger, bot }: Stage,
  io: Io,
  ask: NonNullable<Io['ask']>,
  says: (who: string, text: string) => void,
): Promise<void> {
  io.out('');
  io.out(
    'You are Alice, in the danger room. Try !help, !status db, !why deploy web 1.2.3; an empty line ends.',
  );
  for (;;) {
    const text = await ask('   alice > ').catch(endOfInput);
    if (text === '') return;
    const { event } = await alice.say(danger, text);
    if (!text.startsWith('!')) {
      says('bot', '(no answer: a command begins with !)'); // known at once, so nobody is kept waiting
      continue;
    }
    const answer = alice.waitFor(({ sender, thread }) => sender === bot && thread === event);
    says('bot', (await answer.catch(() => ({ text: '(no answer)' }))).text);
  }
}

/** Ctrl-D ends the demo, too. */
function endOfInput(error: unknown): string {
  if (error instanceof Fault && error.code === 'unanswered') return '';
  throw error;
}
