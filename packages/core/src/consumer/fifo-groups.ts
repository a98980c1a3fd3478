import type { Flight } from "./in-flight-message.js";

/** The messages of one FIFO group in this process, in order. Only the first is worked on. */
export interface Lane {
  readonly groupId: string;
  readonly flights: Flight[];
}

export interface Lanes {
  /** The lane of a group; made when its first message comes. */
  of(groupId: string): Lane;
  /** Takes the flight out and returns the one that is first now, if that is a change. */
  leave(flight: Flight): Flight | undefined;
  /** Takes out the flight and the messages behind it, which it returns. */
  cutAt(flight: Flight): readonly Flight[];
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();

  function forgetIfEmpty(lane: Lane): void {
    if (lane.flights.length === 0) lanes.delete(lane.groupId);
  }

  return {
    of: (groupId) => {
      const known = lanes.get(groupId);
      if (known) return known;
      const lane: Lane = { groupId, flights: [] };
      lanes.set(groupId, lane);
      return lane;
    },
    leave: (flight) => {
      const { lane } = flight;
      if (!lane) return undefined;
      const index = lane.flights.indexOf(flight);
      if (index < 0) return undefined;
      lane.flights.splice(index, 1);
      forgetIfEmpty(lane);
      return index === 0 ? lane.flights[0] : undefined;
    },
    cutAt: (flight) => {
      const { lane } = flight;
      if (!lane) return [];
      const index = lane.flights.indexOf(flight);
      if (index < 0) return [];
      const [, ...behind] = lane.flights.splice(index);
      forgetIfEmpty(lane);
      return behind;
    },
  };
}
