/**
 * The commands for users of the host itself: they ask the running daemon, over its control socket, for
 * what a room could ask of it. The day without chat is what they are for.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../base/errors.ts';
import { openDirectory } from '../config/directory.ts';
import { askDaemon, type Screen } from '../control/client.ts';
import { describeReloaded, parseReloaded } from '../control/reload.ts';
import { SOCKET } from '../control/server.ts';
import { markOutput } from '../output/block.ts';
import { type Io, printable } from './io.ts';

export interface LocalOptions {
  readonly dir: string;
  readonly json: boolean;
  /** The folder of the control socket, where it is not to be found by itself. */
  readonly control?: string;
}

/** Where the unit of systemd/ has it. */
const SYSTEM_FOLDER = '/run/vaktrom';

interface Told {
  readonly verb: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Shows what was asked for, where that is more than lines for a person. */
  readonly show?: Screen['output'];
}

/** Resolves with the exit code that the daemon gives. */
export async function tellDaemon(
  { verb, fields, show }: Told,
  options: LocalOptions,
  io: Io,
): Promise<number> {
  const folder = options.control ?? (await findControl(options.dir));
  const screen = options.json ? forPrograms(io) : forPeople(io);
  return askDaemon({ folder, verb, fields }, { ...screen, output: show ?? screen.output });
}

/** What came of it is one line of JSON, from the daemon as it is or put into words. */
export const reload = (options: LocalOptions, io: Io): Promise<number> =>
  tellDaemon(
    {
      ...{ verb: 'reload', fields: {} },
      show(text) {
        const reloaded = parseReloaded(text);
        if (!reloaded)
          throw new Fault('daemon_unreachable', 'the daemon speaks another version of this');
        io.out(options.json ? JSON.stringify(reloaded) : printable(describeReloaded(reloaded)));
      },
    },
    options,
    io,
  );

/** What is typed as `vaktrom WORD…` is said to the daemon like `!WORD…` in a room. */
export const sayToDaemon = (
  words: readonly string[],
  options: LocalOptions,
  io: Io,
): Promise<number> => tellDaemon({ verb: 'say', fields: { text: words.join(' ') } }, options, io);

/** A word of the shell's as one of ours: whatever is in it is part of the value. */
export function quoteWord(word: string): string {
  const [, name = '', value = word] = /^([a-z][a-z0-9_-]*=)(.*)$/s.exec(word) ?? [];
  return `${name}"${value.replaceAll(/[$`"\\]/g, '\\$&')}"`;
}

/**
 * Where the settings say; where a daemon of that directory has it by itself, for somebody who may not
 * read the settings; where the system has it.
 */
async function findControl(dir: string): Promise<string> {
  const { named, error } = await openDirectory(dir).then(
    ({ controlPath }) => ({ named: controlPath, error: undefined }),
    (error: unknown) => ({ named: join(dir, 'run'), error }),
  );
  for (const folder of [named, SYSTEM_FOLDER]) if (await hasSocket(folder)) return folder;
  const why = isForbidden(error)
    ? `only its owner may look into ${dir}`
    : error instanceof Fault && error.code === 'file_unsafe'
      ? `the settings in ${dir} are not to be trusted`
      : undefined;
  if (why === undefined) return named;
  throw new Fault(
    'daemon_unreachable',
    `${why}: ask their owner where the control socket of the daemon is, and name its folder: --control FOLDER`,
    error,
  );
}

const hasSocket = (folder: string): Promise<boolean> =>
  stat(join(folder, SOCKET)).then(
    (found) => found.isSocket(),
    () => false, // nothing, or nothing for us
  );

function isForbidden(error: unknown): boolean {
  const cause = error instanceof Fault ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
}

const forPeople = (io: Io): Screen => ({
  note: (text) => io.err(printable(text)),
  output: (text, of) => {
    const isBesideNotes = of === 'run' && io.isTerminal;
    const lines = printable(text).split('\n');
    io.out((isBesideNotes ? markOutput(lines) : lines).join('\n'));
  },
  ask: askerOf(io),
});

const forPrograms = (io: Io): Screen => ({
  note: (text) => io.out(JSON.stringify({ note: text })),
  output: (text) => io.out(JSON.stringify({ output: text })),
  ask: askerOf(io),
});

/** At a terminal, or whatever else speaks for the person. */
const askerOf = ({ ask, readLine }: Io): Screen['ask'] =>
  ask ? (question, hidden) => ask(printable(question), hidden) : readLine;
