import type { Instant } from '../base/ids.ts';
import type { Weekday, Window } from './model.ts';

const DAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Is `now` inside the window, by the clock on the wall in its time zone? */
export function isOpen(window: Window, now: Instant): boolean {
  const { day, time } = localTime(window.timeZone, now);
  const startsOn = (weekday: Weekday) => window.days.includes(weekday);
  if (window.from <= window.until)
    return startsOn(day) && time >= window.from && time < window.until;
  // Over midnight: the evening belongs to its own day, the morning to the day before.
  const yesterday = DAYS[(DAYS.indexOf(day) + 6) % 7] ?? day;
  return (startsOn(day) && time >= window.from) || (startsOn(yesterday) && time < window.until);
}

function localTime(timeZone: string, now: Instant): { day: Weekday; time: string } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: string) => parts.find((p) => p.type === type)?.value.toLowerCase() ?? '';
  const day = DAYS.find((d) => d === part('weekday'));
  if (!day) throw new RangeError(`no weekday for ${timeZone}`);
  return { day, time: `${part('hour')}:${part('minute')}` };
}
