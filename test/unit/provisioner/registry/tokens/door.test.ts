import { expect, test } from "vitest";
import { Door } from "../../../../../provisioner/registry/tokens/door.ts";
import { hashPassword, parseUsers, renderUser } from "../../../../../provisioner/registry/tokens/users.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";
import { recordLog } from "../../../../support/record-log.ts";

const users = parseUsers("users", renderUser("ada", await hashPassword("secret", 4)));
const never = new AbortController().signal;
const ADA = { name: "ada", password: "secret" };

function openDoor(): { readonly door: Door; readonly clock: ManualClock } {
  const clock = new ManualClock();
  return { door: new Door({ users: () => users, clock, log: recordLog() }), clock };
}

test("after five wrong passwords at once no other is looked at from there, and a right one is from elsewhere", async () => {
  const { door, clock } = openDoor();
  const guesses = Array.from({ length: 20 }, (_, at) =>
    door.refuse({ name: "ada", password: `wrong ${at}` }, "10.0.0.1", new AbortController().signal),
  );
  const told = (await Promise.all(guesses)).map((each) => each?.why);
  expect(told.filter((why) => why === "wrong").length).toBe(5);
  expect(told.filter((why) => why === "too many").length).toBe(15);
  // Nor does it tell a right one from a wrong one, also when it is known to be right.
  expect(await door.refuse(ADA, "10.0.0.2", never)).toBeUndefined();
  expect(await door.refuse(ADA, "10.0.0.1", never)).toEqual({ why: "too many", againSeconds: 60 });
  expect(await door.refuse(ADA, "::ffff:10.0.0.2", never)).toBeUndefined();
  await clock.advance(60_000);
  expect(await door.refuse(ADA, "10.0.0.1", never)).toBeUndefined();
  expect(door.renderMetrics()).toContain('plimsoll_registry_tokens_passwords{outcome="wrong"} 5\n');
  expect(door.renderMetrics()).toContain('plimsoll_registry_tokens_passwords{outcome="unseen"} 16\n');
});

test("who leaves before its turn is not looked at", async () => {
  const { door } = openDoor();
  const first = door.refuse({ name: "eve", password: "secret" }, "10.0.0.1", never);
  const left = new AbortController();
  const second = door.refuse(ADA, "10.0.0.1", left.signal);
  left.abort();
  expect(await second).toEqual({ why: "busy", againSeconds: 5 });
  expect(await first).toEqual({ why: "wrong" });
});
