import { expect, test } from "vitest";
import { Failures } from "../../../../../provisioner/registry/tokens/failures.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";

function failTimes(failures: Failures, times: number, client: string, user: string): void {
  for (let time = 0; time < times; time++) failures.note(client, user);
}

test("a user has five from a client, then one a minute; from elsewhere nobody is in his way", async () => {
  const clock = new ManualClock();
  const failures = new Failures(clock);
  failTimes(failures, 4, "a", "ada");
  expect(failures.waitMs("a", "ada")).toBe(0);
  failures.note("a", "ada");
  expect(failures.waitMs("a", "ada")).toBe(60_000);
  expect(failures.waitMs("a", "bob")).toBe(0);
  expect(failures.waitMs("b", "ada")).toBe(0);
  await clock.advance(60_000);
  expect(failures.waitMs("a", "ada")).toBe(0);
  failures.note("a", "ada");
  expect(failures.waitMs("a", "ada")).toBe(60_000);
  await clock.advance(300_000);
  failTimes(failures, 4, "a", "ada");
  expect(failures.waitMs("a", "ada")).toBe(0);
});

test("a client has thirty, of whatever users, then one each ten seconds", async () => {
  const clock = new ManualClock();
  const failures = new Failures(clock);
  for (let user = 0; user < 30; user++) failures.note("a", `user-${user}`);
  expect(failures.waitMs("a", "ada")).toBe(10_000);
  expect(failures.waitMs("b", "ada")).toBe(0);
  await clock.advance(10_000);
  expect(failures.waitMs("a", "ada")).toBe(0);
});

test("what can be nobody's name is one, and the oldest is forgotten first", () => {
  const failures = new Failures(new ManualClock());
  for (let name = 0; name < 5; name++) failures.note("a", "?".repeat(name));
  expect(failures.waitMs("a", "another one?")).toBe(60_000);
  for (let client = 0; client < 5000; client++) failures.note(`client-${client}`, "ada");
  expect(failures.waitMs("a", "?")).toBe(0);
});
