import { expect, test } from "vitest";
import { Turns } from "../../../../../provisioner/registry/gate/turns.ts";
import { settle } from "../../../../support/manual-clock.ts";

const never = new AbortController().signal;

test("one client has its share, and all together theirs", () => {
  const turns = new Turns({ all: 3, each: 2 });
  const releases = [turns.tryTake("a"), turns.tryTake("a")];
  expect(turns.tryTake("a")).toBe("client");
  expect(turns.tryTake("b")).toBeTypeOf("function");
  expect(turns.tryTake("c")).toBe("all");
  for (const release of releases) if (typeof release === "function") release();
  expect(turns.tryTake("c")).toBeTypeOf("function");
});

test("a release counts once", () => {
  const turns = new Turns({ all: 2, each: 1 });
  const release = turns.tryTake("a");
  expect(turns.tryTake("b")).toBeTypeOf("function");
  if (typeof release !== "function") throw new Error(release);
  release();
  release();
  expect(turns.tryTake("c")).toBeTypeOf("function");
  expect(turns.tryTake("d")).toBe("all");
});

test("who waits for its own share is in nobody's way; the others go in the order they came", async () => {
  const turns = new Turns({ all: 2, each: 1 });
  const order: string[] = [];
  const take = async (client: string, signal = never): Promise<(() => void) | undefined> => {
    const release = await turns.take(client, signal);
    order.push(release === undefined ? `${client} left` : client);
    return release;
  };
  const first = await take("a");
  const second = take("a");
  await take("b");
  const left = new AbortController();
  const gone = take("c", left.signal);
  const fourth = take("d");
  await settle();
  expect(order).toEqual(["a", "b"]);
  left.abort();
  expect(await gone).toBeUndefined();
  first?.();
  expect(await second).toBeDefined();
  await settle();
  expect(order).toEqual(["a", "b", "c left", "a"]);
  (await second)?.();
  await fourth;
  expect(order.at(-1)).toBe("d");
  expect(await turns.take("e", left.signal)).toBeUndefined();
});
