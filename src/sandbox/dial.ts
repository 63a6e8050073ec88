/**
 * Starts the connection to a destination, from the host. A name is resolved there and then, by whoever
 * answers for it: it must not lead to what only this host can reach, so that who controls a name does
 * not get the action to talk to the services of the host or to its keys of the cloud.
 */
import { lookup as lookupName } from 'node:dns';
import { BlockList, connect, type LookupFunction, type Socket } from 'node:net';
import type { Destination } from '../execution/plan.ts';

export type Dial = (destination: Destination) => Socket;

/** Resolves a name to all of its addresses. */
export type Resolve = (name: string, options: { readonly all: true }, done: Resolved) => void;
type Resolved = (error: NodeJS.ErrnoException | null, addresses: readonly Address[]) => void;
interface Address {
  readonly address: string;
  readonly family: number;
}

/** An address that the policy names itself is reached, whatever it is; so is the name of loopback. */
export const dialBy =
  (resolve: Resolve): Dial =>
  ({ host, port }) =>
    connect({
      host,
      port,
      allowHalfOpen: true,
      lookup: isLoopbackName(host) ? lookupName : outward(resolve),
    });

export const dial: Dial = dialBy(lookupName);

/** RFC 6761, 6.3. */
const isLoopbackName = (host: string): boolean => /^(?:.+\.)?localhost$/i.test(host);

function outward(resolve: Resolve): LookupFunction {
  return (name, options, done) =>
    resolve(name, { all: true }, (error, found) => {
      const addresses = error ? [] : found.filter((one) => !isInward(one));
      const [first] = addresses;
      if (!first) return done(error ?? refusal(name), '');
      if (options.all) done(null, [...addresses]);
      else done(null, first.address, first.family);
    });
}

const refusal = (name: string): NodeJS.ErrnoException =>
  Object.assign(
    new Error(`${name} leads to addresses of the host itself, which the policy does not name`),
    {
      code: 'ENETUNREACH',
    },
  );

const INWARD = new BlockList();
for (const [network, prefix, family] of [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  // Where clouds give out keys: Azure, Alibaba, Oracle; AWS by IPv6. The others do so on link-local ones.
  ['168.63.129.16', 32, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['fd00:ec2::254', 128, 'ipv6'],
  ['::', 127, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
] as const)
  INWARD.addSubnet(network, prefix, family);

/** IPv4 in IPv6 (RFC 4291, 2.5.5) goes by the address that it holds, a zone by its address. */
const isInward = ({ address, family }: Address): boolean =>
  INWARD.check(address, family === 6 ? 'ipv6' : 'ipv4');
