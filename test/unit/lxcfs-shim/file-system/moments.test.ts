import { expect, test } from "vitest";
import { Moments } from "../../../../lxcfs-shim/file-system/moments.ts";

/** Reads say how often the host, the owner and the file were looked at. */
function momentsOf(freshnessMs: number) {
  const state = { now: 0, hosts: 0, views: 0, renders: 0 };
  const moments = new Moments<number, string>(
    freshnessMs,
    () => state.now,
    () => {
      state.hosts += 1;
      return state.hosts;
    },
  );
  const read = (owner = "web", path = "proc/meminfo"): string =>
    Buffer.from(
      moments.get(owner, path, {
        look: (host) => {
          state.views += 1;
          return `host ${host} view ${state.views}`;
        },
        render: (view) => {
          state.renders += 1;
          return Buffer.from(`${view} text ${state.renders}`);
        },
      }),
    ).toString();
  const readAlone = (): string => {
    const look = (host: number): string => `host ${host} alone`;
    return Buffer.from(moments.alone({ look, render: (view) => Buffer.from(view) })).toString();
  };
  return { state, read, readAlone };
}

test("one rendering serves the readers of a file within the bound, and none beyond it", () => {
  const { state, read } = momentsOf(100);
  expect([read(), read()]).toEqual(["host 2 view 1 text 1", "host 2 view 1 text 1"]);
  state.now = 99.9;
  expect(read()).toMatch(/text 1$/);
  state.now = 100;
  expect(read()).toBe("host 3 view 2 text 2");
  state.now = 199;
  expect(read()).toMatch(/text 2$/);
  state.now = 10_000;
  expect(read()).toMatch(/text 3$/);
});

test("a container's files are of one view, all containers' of one host, and no text is another's", () => {
  const { read } = momentsOf(100);

  expect(read("web")).toBe("host 2 view 1 text 1");
  expect(read("web", "proc/stat")).toBe("host 2 view 1 text 2");
  expect(read("db")).toBe("host 2 view 2 text 3");
  expect(read("web")).toBe("host 2 view 1 text 1");
});

test("what was seen late in a moment is as old as its beginning", () => {
  const { state, read } = momentsOf(100);
  read("web");
  state.now = 90;
  read("db");
  state.now = 100;

  expect(read("db")).toMatch(/^host 3 /);
});

test("with a bound of 0 every read looks for itself", () => {
  const { read } = momentsOf(0);

  expect([read(), read()]).toEqual(["host 2 view 1 text 1", "host 3 view 2 text 2"]);
});

test("what cannot be rendered is tried again", () => {
  const moments = new Moments<number, number>(
    100,
    () => 0,
    () => 0,
  );
  const look = (): number => 0;
  const fail = (): Uint8Array => {
    throw new Error("gone");
  };

  expect(() => moments.get("web", "proc/stat", { look, render: fail })).toThrow("gone");
  expect(moments.get("web", "proc/stat", { look, render: () => Buffer.from("text") }).toString()).toBe(
    "text",
  );
});

test("what is read alone is of its own moment, and kept for nobody", () => {
  const { read, readAlone } = momentsOf(100);
  read();

  expect([readAlone(), readAlone()]).toEqual(["host 3 alone", "host 4 alone"]);
  expect(read()).toBe("host 2 view 1 text 1");
});
