import { chownSync, mkdirSync, openSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findHeldShims } from "../../../../lxcfs-shim/operate/held-shims.ts";
import { bequeath } from "../../../../lxcfs-shim/succession/inheritance.ts";
import { openNotebook } from "../../../../lxcfs-shim/succession/notebook.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { isRoot } from "../../../support/host.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Files as a holder has made and removed them; `mounts`, by the first file's number. */
function newBooks(name: string, mounts: Readonly<Record<number, string>>): string {
  const folder = join(cleanup.temporaryFolder(), `plimsoll-shim.${name}`);
  mkdirSync(folder);
  const open = (book: number): number => openSync(join(folder, `${book} (deleted)`), "w+");
  for (const first of [4, 7]) {
    const books = [open(first), open(first + 1)] as const;
    const mountPoint = mounts[first];
    if (mountPoint === undefined) continue;
    const agreement = { protocol: "7.45", resends: true, mountedAtMs: 0, generation: 3 };
    bequeath(openNotebook(books), { ...agreement, mountPoint, connection: 50 + first });
  }
  return folder;
}

function process(host: FakeHost, pid: number, ppid: number, command: string, books?: string): void {
  host.write(`proc/${pid}/stat`, `${pid} (sh) S ${ppid} ${"0 ".repeat(48)}\n`);
  host.write(`proc/${pid}/cmdline`, command.replaceAll(" ", "\0"));
  host.link(`proc/${pid}/ns/mnt`, "mnt:[1]");
  if (books === undefined) return;
  mkdirSync(host.root.proc(`${pid}/fd`), { recursive: true });
  for (const book of [4, 5, 7, 8])
    symlinkSync(join(books, `${book} (deleted)`), host.root.proc(`${pid}/fd/${book}`));
}

test("a holder is known by its files, whatever becomes of its servers", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  const [one, other] = [newBooks("one", { 4: "/a", 7: "/b" }), newBooks("other", { 4: "/c" })];
  process(host, 1, 0, "init");
  process(host, 10, 1, "/bin/sh bin/plimsoll-shim serve", one);
  process(host, 11, 10, "node main.cjs serve --held", one);
  process(host, 12, 10, "sleep 4", one);
  process(host, 20, 1, "/bin/sh bin/plimsoll-shim serve", other);
  process(host, 30, 1, "/bin/sh bin/plimsoll-shim serve", newBooks("unmounted", {}));
  process(host, 40, 1, "node main.cjs serve --held", newBooks("orphan", { 4: "/d" }));

  expect(findHeldShims(host.root)).toEqual([
    {
      holder: 10,
      mountPoint: "/a",
      connection: 54,
      generation: 3,
      named: { mountPoint: "/b", connection: 57 },
    },
    { holder: 20, mountPoint: "/c", connection: 54, generation: 3, named: undefined },
  ]);
});

test("files that are only called so, in a container or another user's, make nobody a holder", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  process(host, 10, 1, "/bin/sh", newBooks("inside", { 4: "/a" }));
  host.link("proc/10/ns/mnt", "mnt:[2]");
  const foreign = newBooks("foreign", { 4: "/b" });
  if (isRoot) chownSync(join(foreign, "4 (deleted)"), 1000, 1000);
  process(host, 20, 1, "/bin/sh", isRoot ? foreign : undefined);

  expect(findHeldShims(host.root)).toEqual([]);
});
