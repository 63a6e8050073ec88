/**
 * Reads a systemd service, as `systemctl cat` prints it with its drop-ins, into properties for systemd-run:
 * those that surround its process, without those that start, watch and restart it.
 */

export interface ServiceProperties {
  /** `Key=Value`, in order: an empty value takes back what came before, as in the file. */
  readonly properties: readonly string[];
  /** The properties among them that define credentials. */
  readonly credentials: readonly string[];
  /** Left out, since systemd-run does not expand a specifier such as `%n`. */
  readonly unsaid: readonly string[];
  /** The program that ExecStart= starts; undefined if the unit starts none. */
  readonly program: string | undefined;
}

/** These start, watch and end the service, or say where its output goes. */
const LIFE =
  /^(?:Exec|Exit|FileDescriptorStore|Notify|Restart|Standard|StartLimit|Syslog|TTY|Timeout|Watchdog)|^(?:BusName|FailureAction|GuessMainPID|NonBlocking|PIDFile|RemainAfterExit|RootDirectoryStartOnly|RuntimeDirectoryPreserve|Sockets|SuccessAction|Type)$/;
const CREDENTIALS = /^(?:Load|Set)Credential(?:Encrypted)?$/;
/** %% is a percent sign, which systemd-run takes as two. */
const SPECIFIER = /%./;

export function parseService(text: string): ServiceProperties {
  const lines = serviceLines(text);
  const told = lines.filter(({ key }) => !LIFE.test(key));
  const format = ({ key, value }: Line): string => `${key}=${value}`;
  const [unsaid, said] = [true, false].map((has) =>
    told.filter(({ value }) => SPECIFIER.test(value) === has),
  );
  const start = lines.findLast(({ key, value }) => key === 'ExecStart' && value !== '');
  return {
    properties: (said ?? []).map(format),
    credentials: (said ?? []).filter(({ key }) => CREDENTIALS.test(key)).map(format),
    unsaid: (unsaid ?? []).map(format),
    // Prefixes such as - and + come before the path: systemd.service(5).
    program: start && /^[@\-:+!|]*"?(\/[^\s"]+)/.exec(start.value)?.[1],
  };
}

interface Line {
  readonly key: string;
  readonly value: string;
}

/** The assignments of [Service]; comments are lines, also between the parts of a line that goes on. */
function serviceLines(text: string): readonly Line[] {
  const whole = text
    .split('\n')
    .filter((line) => !/^\s*[#;]/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ');
  let section = '';
  return whole.split('\n').flatMap((line) => {
    section = /^\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return section === 'Service' && key !== undefined && value !== undefined
      ? [{ key, value }]
      : [];
  });
}
