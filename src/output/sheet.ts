/**
 * Everything that a signature is for, as facts with names. Unlike a card, nothing of it is ever
 * shortened: what is not shown cannot be agreed to.
 */
import type { Frozen } from '../audit/body.ts';
import type { Request } from '../request/request.ts';
import { formatDuration } from './quantity.ts';
import { safeArgv, visibleLine } from './text.ts';

export interface Fact {
  readonly name: string;
  readonly values: readonly string[];
  /** `exact` is shown letter by letter; the values of `argv` are the pieces of one JSON array. */
  readonly kind: 'said' | 'exact' | 'argv';
}

const said = (name: string, ...values: readonly string[]): Fact => ({
  name,
  values: values.map(visibleLine),
  kind: 'said',
});
const exactly = (name: string, ...values: readonly string[]): Fact => ({
  name,
  values: values.map(visibleLine),
  kind: 'exact',
});

/** First what decides, then what proves it. */
export function renderSheet({ digest, frozen }: Request): readonly Fact[] {
  const { actor, room, urgent, policy, createdAt } = frozen;
  const account = actor.account === '' ? '' : ` (${actor.account})`;
  return [
    { name: 'runs', values: argvPieces(frozen.argv), kind: 'argv' },
    ...sandboxFacts(frozen),
    said('asked by', `${actor.person}${account}`, `in ${room}, ${formatTime(createdAt)}`),
    ...(urgent === undefined ? [] : [said('because', urgent)]),
    ...environmentFacts(frozen),
    ...frozen.files.map(({ path, sha256 }) => exactly('file', path, sha256)),
    exactly('policy', policy),
    exactly('digest', digest),
  ];
}

/** Together exactly what the card shows; apart, so that a line is broken between arguments only. */
const argvPieces = (argv: readonly string[]): readonly string[] =>
  argv.map((argument, index) => {
    const quoted = safeArgv([argument]).slice(1, -1);
    return `${index === 0 ? '[' : ''}${quoted}${index === argv.length - 1 ? ']' : ','}`;
  });

function sandboxFacts({ sandbox, limits }: Frozen): readonly Fact[] {
  const { network, read, write } = sandbox;
  const destinations = network.map(({ host, port }) => `${host}:${port}`);
  const megabytes = Math.round(limits.memoryBytes / (1 << 20));
  return [
    destinations.length === 0 ? said('network', 'none') : said('network', ...destinations),
    ...(write.length === 0 ? [] : [said('writes', ...write)]),
    ...(read.length === 0 ? [] : [said('reads', ...read)]),
    said(
      'at most',
      `${formatDuration(limits.timeoutMs)}, ${megabytes} MiB, ${limits.processes} process${limits.processes === 1 ? '' : 'es'}`,
    ),
  ];
}

function environmentFacts({ env }: Frozen): readonly Fact[] {
  const names = Object.keys(env);
  return names.length === 0 ? [] : [said('environment', names.join(', '))];
}

/** `2026-01-05 10:00:00 UTC` */
export const formatTime = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
