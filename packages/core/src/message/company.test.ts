import { describe, expect, it } from "vitest";
import { Company, type Entering } from "./company.js";

/** A company whose members say when they are in. */
function company() {
  const rooms = new Company();
  const inside: string[] = [];
  const enter = (name: string, alone: boolean): Entering | undefined => {
    const entering = rooms.enter(alone);
    if (entering) void entering.entered.then(() => inside.push(name));
    else inside.push(name);
    return entering;
  };
  const leave = async (name: string, alone: boolean): Promise<readonly string[]> => {
    inside.splice(inside.indexOf(name), 1);
    rooms.leave(alone);
    await Promise.resolve();
    return inside;
  };
  return { inside, enter, leave };
}

describe("who runs beside whom", () => {
  it("most run beside each other at once", () => {
    const { inside, enter } = company();
    enter("a", false);
    enter("b", false);
    expect(inside).toEqual(["a", "b"]);
  });

  it("one that is to be alone waits for those that run, and who comes later waits for it", async () => {
    const { inside, enter, leave } = company();
    enter("a", false);
    enter("b", false);
    enter("suspect", true);
    enter("c", false);
    expect(inside).toEqual(["a", "b"]);
    expect(await leave("a", false)).toEqual(["b"]);
    expect(await leave("b", false)).toEqual(["suspect"]);
    enter("d", false);
    expect(await leave("suspect", true)).toEqual(["c", "d"]);
  });

  it("those that are to be alone run one after another", async () => {
    const { inside, enter, leave } = company();
    enter("first", true);
    enter("second", true);
    enter("a", false);
    expect(inside).toEqual(["first"]);
    expect(await leave("first", true)).toEqual(["second"]);
    expect(await leave("second", true)).toEqual(["a"]);
  });

  it("who gives up waiting keeps nobody waiting", async () => {
    const { inside, enter, leave } = company();
    enter("a", false);
    const suspect = enter("suspect", true);
    enter("b", false);
    suspect?.giveUp();
    await Promise.resolve();
    expect(inside).toEqual(["a", "b"]);
    await leave("a", false);
    await leave("b", false);
    enter("another", true);
    expect(inside).toEqual(["another"]);
  });

  it("who gives up at the moment it is let in leaves again", async () => {
    const { inside, enter, leave } = company();
    enter("a", false);
    const suspect = enter("suspect", true);
    const left = leave("a", false);
    suspect?.giveUp();
    await left;
    enter("b", false);
    expect(inside).toContain("b");
  });
});
