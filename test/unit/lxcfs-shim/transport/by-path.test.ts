import { expect, test } from "vitest";
import type { FileSystem, Operation } from "../../../../lxcfs-shim/fuse/operation.ts";
import { openPathFileSystem } from "../../../../lxcfs-shim/transport/by-path.ts";
import { openStaticFileSystem } from "../../../support/static-file-system.ts";

const CALLER = { pid: 4711, uid: 0, gid: 0 };
const getattr = (node: number): Operation => ({ kind: "getattr", node });

test("a path is looked up name by name, in the one caller's name", () => {
  const seen: unknown[] = [];
  const inner = openStaticFileSystem({ meminfo: () => "text" });
  const spy: FileSystem = {
    handle: (operation, caller) => {
      seen.push([operation.kind, caller]);
      return inner.handle(operation, caller);
    },
  };
  const files = openPathFileSystem(spy, CALLER, () => {});

  expect(files.ask("/", getattr)).toMatchObject({ kind: "attributes", attributes: { node: 1 } });
  expect(files.ask("/meminfo", getattr)).toMatchObject({ kind: "attributes", attributes: { node: 2 } });
  expect(files.ask("/meminfo/below", getattr)).toEqual({ kind: "error", errno: 2 });
  expect(files.ask("/nothing", getattr)).toEqual({ kind: "error", errno: 2 });
  expect(seen.slice(0, 3)).toEqual([
    ["getattr", CALLER],
    ["lookup", CALLER],
    ["getattr", CALLER],
  ]);
});

test("an exception is EIO for the caller and told", () => {
  const told: unknown[] = [];
  const failing: FileSystem = {
    handle: () => {
      throw new Error("no");
    },
  };
  const files = openPathFileSystem(failing, CALLER, (operation, error) =>
    told.push([operation.kind, `${error}`]),
  );

  expect(files.ask("/a", getattr)).toEqual({ kind: "error", errno: 5 });
  expect(told).toEqual([["lookup", "Error: no"]]);
});
