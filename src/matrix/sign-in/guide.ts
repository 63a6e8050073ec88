/** How the person who sets the bot up takes part in signing it in. */
export interface Guide {
  /** Something to do, in a browser or elsewhere, or something that has happened. */
  tell(...lines: readonly string[]): void;
  /** A line that they type, unseen if `hidden`; undefined where nobody can type. */
  readonly ask: ((question: string, hidden?: boolean) => Promise<string>) | undefined;
  /** Takes back the question that is open: it has been answered in another way. */
  readonly takeBack: () => void;
}

/** There is nobody. */
export const NOBODY: Guide = { tell() {}, ask: undefined, takeBack() {} };
