import { createInterface } from 'node:readline';
import type { Io } from './cli/io.ts';
import { runCommandLine } from './cli/program.ts';
import { openPrompt } from './cli/prompt.ts';
import { markerFor } from './system/journal.ts';

// A reader of a pipe may have seen enough; a terminal may have been closed.
for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on('error', () => {});

const { print, ask, abandon } = openPrompt({
  input: process.stdin,
  output: process.stderr,
  interrupt: () => process.kill(process.pid, 'SIGINT'),
});

const [markOut, markErr] = [markerFor(process.stdout.fd), markerFor(process.stderr.fd)];
const io: Io = {
  out: (line) => print(process.stdout, markOut('info', line)),
  isTerminal: process.stdout.isTTY,
  err: (line) => print(process.stderr, markErr('error', line)),
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  abandonQuestion: abandon,
  readLine,
};

let piped: AsyncIterator<string> | undefined;

async function readLine(): Promise<string> {
  piped ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await piped.next();
  return done ? '' : value;
}

const code = await runCommandLine(process.argv.slice(2), io);
// What was printed may still be on its way through a pipe.
for (const stream of [process.stdout, process.stderr])
  await new Promise((done) => stream.write('', done));
process.exit(code); // whatever is still open is nobody's any more
