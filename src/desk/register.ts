/** Who and where, for the judge: from the policy, and from the log which direct room is whose. */
import type { Standing } from '../audit/standing.ts';
import type { PersonName, RoomId } from '../base/ids.ts';
import type { Policy } from '../policy/model.ts';
import type { Register } from '../trust/judge.ts';

export function registerOf(policy: Policy, standing: Standing, bot: Register['bot']): Register {
  const people = [...policy.people.values()];
  return {
    accounts: new Map(
      people.flatMap(({ name, accounts }) =>
        accounts.map(({ id, identity }) => [id, { person: name, identity }] as const),
      ),
    ),
    rooms: new Map([...policy.rooms.values()].map(({ id, name }) => [id, name])),
    guarded: new Set(
      [...policy.rooms.values()].flatMap(({ id, posture }) =>
        posture?.membersInPolicy ? [id] : [],
      ),
    ),
    direct: directRooms(standing, true),
    formerDirect: directRooms(standing, false),
    bot,
    botNames: [bot.slice(1, bot.indexOf(':')), 'vaktrom'],
  };
}

/** Of our own making, and in our own log: ids that were parsed when they were written. */
const directRooms = (standing: Standing, which: boolean): Register['direct'] =>
  new Map(
    standing
      .directRooms()
      .filter(({ isCurrent }) => isCurrent === which)
      .map(({ room, person }) => [room as RoomId, person as PersonName]),
  );
