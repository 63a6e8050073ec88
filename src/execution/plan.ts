/**
 * A plan is everything about a run that is decided before it starts, as plain data: it can be
 * shown, digested, approved, recorded and compared. Nothing about a run is decided later.
 */

/** A TCP destination that an action may reach, by name as written in the policy. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

export interface Plan {
  /**
   * The program and its arguments, exactly; `argv[0]` is an absolute path. Never given to a shell.
   */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment of the action. */
  readonly env: Readonly<Record<string, string>>;
  readonly sandbox: {
    /** Host paths, absolute, visible read-only at the same path (the program itself is added). */
    readonly read: readonly string[];
    /** Host paths, absolute, writable at the same path. */
    readonly write: readonly string[];
    /** The only destinations that can be reached; empty: no network at all. */
    readonly network: readonly Destination[];
  };
  readonly limits: {
    /** Wall clock from start to SIGTERM. */
    readonly timeoutMs: number;
    /** Bytes of terminal output that are kept; what comes after is counted and dropped. */
    readonly outputBytes: number;
    /**
     * Private writable memory of each process, and the size of each of the sandbox's own folders,
     * in bytes. Not address space: runtimes (Go, Java, Node) reserve far more of that than they
     * use.
     */
    readonly memoryBytes: number;
    /** Processes and threads alive at once in the sandbox. */
    readonly processes: number;
  };
}

/** More would not fit the addresses kept for them; no action needs as many. */
const MAX_DESTINATIONS = 100;

/**
 * The first thing about a plan that no program could be told, or no sandbox enforce: a sentence.
 */
export function findFlaw({ argv, env, sandbox, limits }: Plan): string | undefined {
  const { read, write, network } = sandbox;
  const unsayable = [...argv, ...Object.values(env), ...read, ...write].find(
    (text) => text.includes('\0') || !text.isWellFormed(),
  );
  if (unsayable !== undefined) {
    return `no program can be given ${JSON.stringify(unsayable.slice(0, 80))}: a NUL or half a character`;
  }
  const variable = Object.keys(env).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (variable !== undefined) return `${JSON.stringify(variable)} is not a name of a variable`;
  const limit = [limits.memoryBytes, limits.processes].find(
    (value) => !Number.isSafeInteger(value) || value < 1,
  );
  if (limit !== undefined) return `a limit of ${limit} is not a whole number above zero`;
  if (network.length > MAX_DESTINATIONS) return `more than ${MAX_DESTINATIONS} destinations`;
  return network.map(findDestinationFlaw).find((flaw) => flaw !== undefined);
}

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

function findDestinationFlaw({ host, port }: Destination): string | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return `${port} is not a TCP port`;
  // A name is given an address inside the sandbox. An address cannot be: every program reads the
  // last
  // label as a number when it starts like one (WHATWG URL, "ends in a number").
  const last = host.slice(host.lastIndexOf('.') + 1);
  if (HOST_NAME.test(host) && host.length <= 253 && !/^(?:[0-9]+|0x[0-9a-f]*)$/i.test(last)) {
    return undefined;
  }
  return `${JSON.stringify(host.slice(0, 80))} is not a host name; destinations are names, not addresses`;
}
