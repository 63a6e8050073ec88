import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Io } from './cli/io.ts';
import { runCommandLine } from './cli/program.ts';

// A reader of a pipe may have seen enough.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const io: Io = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  readLine,
};

let piped: AsyncIterator<string> | undefined;

async function readLine(): Promise<string> {
  piped ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await piped.next();
  return done ? '' : value;
}

async function ask(question: string, hidden = false): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = hidden ? silent : process.stderr;
  using lines = createInterface({ input: process.stdin, output, terminal: true });
  const answer = await lines.question('');
  if (hidden) process.stderr.write('\n');
  return answer.trim();
}

const code = await runCommandLine(process.argv.slice(2), io);
// What was printed may still be on its way through a pipe.
for (const stream of [process.stdout, process.stderr])
  await new Promise((done) => stream.write('', done));
process.exit(code); // whatever is still open is nobody's any more
