/** What the orders work with: everything that a person can set in motion, and nothing of the adapters. */
import type { History } from '../audit/history.ts';
import type { Standing } from '../audit/standing.ts';
import type { PersonName, RequestId } from '../base/ids.ts';
import type { Block } from '../output/block.ts';
import type { Policy } from '../policy/model.ts';
import type { Chat, Clock, Ledger, Log, Space } from '../ports.ts';
import type { Trusted } from '../trust/judge.ts';
import type { Codes } from './codes.ts';
import type { Direct } from './direct.ts';
import type { Enrolment } from './enrolment.ts';
import type { Grounds } from './grounds.ts';
import type { Errand } from './passkeys/links.ts';
import type { Postures } from './postures.ts';
import type { Requests } from './requests.ts';

export interface Desk {
  readonly chat: Chat;
  readonly ledger: Ledger;
  readonly history: History;
  readonly standing: Standing;
  readonly requests: Requests;
  readonly grounds: Grounds;
  readonly postures: Postures;
  readonly codes: Codes;
  readonly enrolment: Enrolment;
  readonly direct: Direct;
  readonly space: Space;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: () => Policy;
  readonly version: string;
  /** The name under which authenticator apps keep the codes. */
  readonly issuer: string;
  /** A link to the page where this person can use a passkey; undefined where no page is served. */
  readonly linkFor: (person: PersonName, errand: Errand, request?: RequestId) => string | undefined;
}

/** Carries an order out; what it says is shown in the thread of the command. */
export type Order = (
  desk: Desk,
  by: Trusted,
  values: Readonly<Record<string, string>>,
) => Promise<readonly Block[]>;
