/**
 * A systemd service, as `systemctl cat` shows it with its drop-ins, as properties for systemd-run: what
 * surrounds its process, and nothing of how it is started, watched and restarted.
 */

export interface ServiceProperties {
  /** `Key=Value`, in order: an empty value takes back what came before, as in the file. */
  readonly properties: readonly string[];
  /** Those of them that hand over credentials. */
  readonly credentials: readonly string[];
  /** Left out: a specifier (`%n`) means something else to systemd-run. */
  readonly unsaid: readonly string[];
  /** The program that it starts; undefined where it starts none. */
  readonly program: string | undefined;
}

/** How it is started, watched and ended; and where its output goes, which is to whoever asks. */
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
    // What stands before the path changes how it is started: systemd.service(5).
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
