/**
 * An address that a server names for a person to open, or for us to talk to: https, or this very machine.
 * Nothing else, since what is sent there are codes and tokens.
 */

/** Attacker-chosen. Undefined when it is no such address. */
export function parseWebAddress(text: unknown): URL | undefined {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (url?.username !== '' || url.password !== '') return undefined;
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  return isSafe ? url : undefined;
}

export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
