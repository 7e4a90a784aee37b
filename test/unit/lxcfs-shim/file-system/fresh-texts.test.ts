import { expect, test } from "vitest";
import { FreshTexts } from "../../../../lxcfs-shim/file-system/fresh-texts.ts";

function textsOf(freshnessMs: number) {
  const state = { now: 0, renders: 0 };
  const texts = new FreshTexts(freshnessMs, () => state.now);
  const read = (owner = "web", path = "proc/meminfo"): string =>
    Buffer.from(
      texts.get(owner, path, () => {
        state.renders += 1;
        return Buffer.from(`${state.renders}`);
      }),
    ).toString();
  return { state, read };
}

test("one rendering serves the readers of a file within the bound, and none beyond it", () => {
  const { state, read } = textsOf(100);
  expect([read(), read()]).toEqual(["1", "1"]);
  state.now = 99.9;
  expect(read()).toBe("1");
  state.now = 100;
  expect(read()).toBe("2");
  state.now = 199;
  expect(read()).toBe("2");
  state.now = 10_000;
  expect(read()).toBe("3");
});

test("each container and each file has its own", () => {
  const { read } = textsOf(100);

  expect([read("web"), read("db"), read("web", "proc/stat"), read("web")]).toEqual(["1", "2", "3", "1"]);
});

test("with a bound of 0 every read is rendered", () => {
  const { read } = textsOf(0);

  expect([read(), read()]).toEqual(["1", "2"]);
});

test("what cannot be rendered is tried again", () => {
  const texts = new FreshTexts(100, () => 0);
  const fail = (): Uint8Array => {
    throw new Error("gone");
  };

  expect(() => texts.get("web", "proc/stat", fail)).toThrow("gone");
  expect(texts.get("web", "proc/stat", () => Buffer.from("text")).toString()).toBe("text");
});
