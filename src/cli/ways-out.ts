/** Says of a policy which of the paths that it shows to actions hold sockets or pipes, on this host. */
import { inFileOrder, type Problem } from '../config/document.ts';
import type { PolicyFile } from '../config/policy-file.ts';
import { findWaysOut, type Search } from '../sandbox/ways-out.ts';

interface Shown {
  readonly action: string;
  readonly how: 'read' | 'write';
  readonly index: number;
  readonly path: string;
}

const pathsOf = ({ policy }: PolicyFile): readonly Shown[] =>
  [...policy.actions.values()].flatMap(({ name, sandbox }) =>
    (['read', 'write'] as const).flatMap((how) =>
      sandbox[how].map((path, index) => ({ action: name, how, index, path })),
    ),
  );

export async function findWayOutWarnings(file: PolicyFile): Promise<readonly Problem[]> {
  const shown = pathsOf(file);
  const searches = await findWaysOut(shown.map(({ path }) => path));
  return inFileOrder(
    shown.flatMap(({ action, how, index, path }) => {
      const message = describe(path, searches.get(path));
      const at = ['actions', action, 'sandbox', how, index];
      return message === undefined ? [] : [file.source.problemAt(at, message)];
    }),
  );
}

function describe(path: string, search: Search | undefined): string | undefined {
  const { found = [], isPartial = false } = search ?? {};
  const [first] = found;
  if (first === path)
    return 'this is a socket or a pipe, so the action cannot start: name files or folders';
  if (first !== undefined)
    return `the action can reach programs of the host, whatever its network: by ${found.join(', ')}; name only what it needs`;
  return isPartial ? 'not all of it could be searched for sockets and pipes' : undefined;
}
