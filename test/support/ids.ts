/** Branded names out of plain text, by their own parsers; a test that misspells one fails at once. */
import {
  type ActionName,
  type DeviceId,
  type EventId,
  type PersonName,
  parseActionName,
  parseDeviceId,
  parseEventId,
  parsePersonName,
  parseRequestId,
  parseRoomId,
  parseRoomName,
  parseUserId,
  type RequestId,
  type RoomId,
  type RoomName,
  type UserId,
} from '../../src/base/ids.ts';
import type { Result } from '../../src/base/result.ts';

export function must<T>(parsed: Result<T, string>): T {
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export const user = (text: string): UserId => must(parseUserId(text));
export const device = (text: string): DeviceId => must(parseDeviceId(text));
export const room = (text: string): RoomId => must(parseRoomId(text));
export const event = (text: string): EventId => must(parseEventId(text));
export const person = (text: string): PersonName => must(parsePersonName(text));
export const roomName = (text: string): RoomName => must(parseRoomName(text));
export const action = (text: string): ActionName => must(parseActionName(text));
export const request = (text: string): RequestId => must(parseRequestId(text));
