/** What `vaktrom init` writes for a person to go on from. */
import { invocation } from './invocation.ts';

export interface StarterSettings {
  readonly homeserver: string;
  readonly user: string;
  readonly device: string;
  /** Folders. */
  readonly state: string;
  readonly secrets: string;
  /** There is a private certificate authority, in AUTHORITY_FILE. */
  readonly hasAuthority: boolean;
}

export const AUTHORITY_FILE = 'ca.pem';

// JSON strings are YAML strings, so nothing that was typed can become syntax.
const quote = (text: string): string => JSON.stringify(text);
const plainly = (text: string): string => (/^[\w./-]+$/.test(text) ? text : quote(text));

export const formatSettings = (settings: StarterSettings): string => {
  const { homeserver, user, device, state, secrets, hasAuthority } = settings;
  return `# yaml-language-server: $schema=./vaktrom.schema.json
version: 1
homeserver: ${quote(homeserver)}
user: ${quote(user)}
device: ${quote(device)}
policy: policy.yaml
state: ${plainly(state)}
secrets: ${plainly(secrets)}
${hasAuthority ? `ca_file: ${AUTHORITY_FILE}\n` : ''}`;
};

export const formatStarterPolicy = (
  dir: string,
): string => `# yaml-language-server: $schema=./policy.schema.json
# Who may do what, where. Nothing is allowed that is not written here.
# Check it: ${invocation('policy check', dir)}
# Try it:   ${invocation('policy test', dir)}
# To fill in a part, take away its {} and the # of the lines below it.
version: 1
people: {}
  # alice:
  #   roles: [ops]
  #   accounts:
  #     # Without an identity she may only read. To add it: ${invocation('identity pin alice --write', dir)}
  #     - { id: "@alice:example.org" }
rooms: {}
  # ops: { id: "!room:example.org" }
actions: {}
  # status:
  #   summary: Show the health of a service
  #   run: [/opt/ops/bin/status, "--service", "{service}"]
  #   params: { service: { enum: [web, api] } }
  #   effect: read
  #   allow: { roles: [ops], rooms: [ops] }
# Keep the three dots at the end: a file without them may have been cut off, and is refused.
...
`;
