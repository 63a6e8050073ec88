/** What an authenticator app does: codes out of the secret that it was shown. */
import { generateSync } from 'otplib';

const STEP_MS = 30_000;
/** How long a code counts at least, however late in a step it is shown: typing and sending take a while. */
const LASTS_MS = 15_000;

/** Counts on from the step before this one, a new step for each code, as far as a clock may be off. */
export class Authenticator {
  readonly #secret: string;
  #lastStep = -1;

  /** `uri`: otpauth://… as in the QR code. */
  constructor(uri: string) {
    this.#secret = new URL(uri).searchParams.get('secret') ?? '';
  }

  /** A code that was not shown before; waits for its time to come. */
  async next(): Promise<string> {
    const step = Math.max(this.#lastStep + 1, Math.floor((Date.now() + LASTS_MS) / STEP_MS) - 1);
    this.#lastStep = step;
    const earlyMs = (step - 1) * STEP_MS - Date.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, earlyMs)));
    return this.#codeOf(step);
  }

  /** The code that was shown last, once more. */
  again(): string {
    return this.#codeOf(this.#lastStep);
  }

  #codeOf(step: number): string {
    return generateSync({ secret: this.#secret, epoch: (step * STEP_MS) / 1000 });
  }
}
