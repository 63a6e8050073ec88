import type { Instant } from '../base/ids.ts';
import type { Weekday, Window } from './model.ts';

const DAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/**
 * Is `now` inside the window, by the clock on the wall in its time zone? An hour that the clock shows
 * twice is inside twice, one that it leaves out never. Throws RangeError on a time zone that the
 * runtime does not know, or a `now` that is no time.
 */
export function isOpen(window: Window, now: Instant): boolean {
  const { day, time } = localTime(window.timeZone, now);
  const startsOn = (weekday: Weekday) => window.days.includes(weekday);
  if (window.from <= window.until)
    return startsOn(day) && time >= window.from && time < window.until;
  // Over midnight: the evening belongs to its own day, the morning to the day before.
  const yesterday = DAYS[(DAYS.indexOf(day) + 6) % 7] ?? day;
  return (startsOn(day) && time >= window.from) || (startsOn(yesterday) && time < window.until);
}

/** `tue, thu 22:00 to 02:00 Europe/Berlin` */
export const describeWindow = ({ days, from, until, timeZone }: Window): string =>
  `${days.join(', ')} ${from} to ${until} ${timeZone}`;

function localTime(timeZone: string, now: Instant): { day: Weekday; time: string } {
  const parts = clockOf(timeZone).formatToParts(now);
  const part = (type: string) => parts.find((p) => p.type === type)?.value.toLowerCase() ?? '';
  const day = DAYS.find((d) => d === part('weekday'));
  if (!day) throw new RangeError(`no weekday for ${timeZone}`);
  return { day, time: `${part('hour')}:${part('minute')}` };
}

/** Kept: making one takes 20 times as long as using it. Time zones come from the policy only. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known) return known;
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  clocks.set(timeZone, clock);
  return clock;
}
