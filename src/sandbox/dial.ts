/**
 * Starts the connection to a destination, from the host. A name is resolved at that moment, and its owner
 * says where it leads. It must not lead to what only this host can reach: the services on its loopback
 * interface, and the address where a cloud gives out keys.
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

/** Every address that the policy names itself is reached; so is `localhost`, which names one. */
export const dialBy =
  (resolve: Resolve): Dial =>
  ({ host, port }) =>
    connect({
      ...{ host, port, allowHalfOpen: true, autoSelectFamily: true },
      lookup: host.toLowerCase() === 'localhost' ? lookupName : outward(resolve),
    });

export const dial: Dial = dialBy(lookupName);

/** Asked for all addresses, since `autoSelectFamily` tries one after the other. */
const outward =
  (resolve: Resolve): LookupFunction =>
  (name, _options, done) =>
    resolve(name, { all: true }, (error, found) => {
      const addresses = error ? [] : found.filter((one) => !isInward(one));
      if (addresses.length > 0) done(null, addresses);
      else done(error ?? refusal(name), []);
    });

const refusal = (name: string): NodeJS.ErrnoException =>
  Object.assign(
    new Error(
      `${name} leads to loopback, link-local or metadata addresses, which the policy does not name`,
    ),
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
