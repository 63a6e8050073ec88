/**
 * Shows somebody at a terminal how a request moves: its card whenever that says something new, and the
 * output as it comes, each line once and in order. A line is shown when it is done, as later output can
 * still change the last one. Where lines come faster than they can be followed, the rest comes at the
 * end, from the whole output.
 */
import { type Block, renderBlocks } from '../output/block.ts';
import { isLong, renderCard } from '../output/card.ts';
import type { Action } from '../policy/model.ts';
import type { State as Life, Progress } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import { exitOfClosing, exitOfEnding } from './exit.ts';
import type { Peer } from './peer.ts';
import type { Onlooker } from './terminals.ts';

export interface Followed extends Onlooker {
  /** The request that came of it, as it last moved; undefined as long as there is none. */
  readonly current: () => { readonly request: Request; readonly life: Life } | undefined;
  /** Resolves with the exit code once the request is over and everything has been shown. */
  readonly over: Promise<number>;
  /** Makes `over` reject. */
  readonly fail: (error: unknown) => void;
  /** Called at each step. */
  onStep: (request: Request, life: Life) => void;
}

export function followRequest(
  peer: Peer,
  actionOf: (request: Request) => Action | undefined,
  answered: Onlooker['answered'],
): Followed {
  const over = Promise.withResolvers<number>();
  over.promise.catch(() => {}); // whoever waits for it is told
  const output = openOutput(peer);
  let current: { request: Request; life: Life } | undefined;
  let shown = '';
  let whole: string | undefined;

  const showCard = (request: Request, life: Life): void => {
    const blocks = withoutOutput(renderCard(request, life, actionOf(request)));
    const text = renderBlocks(blocks).text.replace(ATTACHED, '');
    if (text === shown || SILENT.includes(life.kind)) return;
    shown = text;
    peer.note(text);
  };

  const finish = (request: Request, life: Life & { readonly kind: 'ended' }): void => {
    const { progress } = life.ending;
    if (isLong(progress) && whole === undefined) return; // it is on its way
    output.finish(progress, whole);
    showCard(request, life);
    over.resolve(exitOfEnding(life.ending));
  };

  const followed: Followed = {
    current: () => current,
    over: over.promise,
    fail: over.reject,
    onStep: () => {},
    answered,
    attached(text) {
      whole = text;
      if (current?.life.kind === 'ended') finish(current.request, current.life);
    },
    moved(request, life) {
      current = { request, life };
      if (life.kind === 'running') output.follow(life.progress);
      if (life.kind === 'ended') finish(request, life);
      else showCard(request, life);
      if (life.kind === 'closed') over.resolve(exitOfClosing(life.closing));
      followed.onStep(request, life);
    },
  };
  return followed;
}

/** Here, it was shown. */
const ATTACHED = ' · full output attached';

/** Passed through in a moment; nothing to see. */
const SILENT: readonly Life['kind'][] = ['new', 'checking', 'intending', 'ending', 'closing'];

/** The card without the tail of the output, which is shown by itself. */
const withoutOutput = (blocks: readonly Block[]): readonly Block[] => {
  const at = blocks.findIndex(({ kind }) => kind === 'output');
  if (at < 0) return blocks;
  const before = blocks[at - 1];
  const hasCount =
    before?.kind === 'line' &&
    typeof before.spans[0] === 'string' &&
    before.spans[0].startsWith('…');
  return blocks.slice(0, hasCount ? at - 1 : at);
};

function openOutput(peer: Peer) {
  let shown = 0;

  /** `lines` end with line number `until`; shows those of them that were not shown yet. */
  const show = (lines: readonly string[], until: number): void => {
    const fresh = lines.slice(Math.max(0, lines.length - (until - shown)));
    if (until <= shown || fresh.length === 0) return;
    shown = until;
    peer.print(fresh.join('\n'), 'run');
  };

  return {
    follow({ tail, lines }: Progress): void {
      const done = lines - 1;
      // Behind by more than the tail shows: everything is left for the end, so that none is missed.
      if (lines - tail.length <= shown && done > shown) show(tail.slice(0, -1), done);
    },
    finish({ tail, lines }: Progress, whole: string | undefined): void {
      show(whole === undefined ? tail : whole.split('\n').slice(0, -1), lines);
    },
  };
}
