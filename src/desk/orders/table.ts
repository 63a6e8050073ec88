/** The built-ins that set something in motion; the others only look, see answer/. */
import type { BuiltInName } from '../../command/catalogue.ts';
import type { Order } from '../desk.ts';
import { allow, breakGlass } from './ask.ts';
import { direct, enrol, otp } from './proof.ts';
import { approve, cancel, deny, start, withdraw } from './sign-off.ts';
import { freeze, recover, review, unfreeze } from './standing.ts';

export const ORDERS = {
  allow,
  approve,
  'break-glass': breakGlass,
  cancel,
  deny,
  direct,
  enrol,
  freeze,
  otp,
  recover,
  review,
  start,
  unfreeze,
  withdraw,
} as const satisfies Partial<Record<BuiltInName, Order>>;

export type OrderName = keyof typeof ORDERS;

export const isOrder = (name: BuiltInName): name is OrderName => Object.hasOwn(ORDERS, name);
