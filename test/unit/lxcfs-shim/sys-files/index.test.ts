import { expect, test } from "vitest";
import { SYS_FILES } from "../../../../lxcfs-shim/sys-files/index.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const host = hostText({ possible: "0-7\n", online: "0-5\n", present: "0-5\n", offline: "6-7\n" });

function render(name: string, cpus: readonly number[]): string | undefined {
  return SYS_FILES.find((file) => file.name === name)?.render(viewOf({ cpus }), host);
}

test.for(["online", "present"])("%s are the container's CPUs", (name) => {
  expect(render(name, [1, 2, 3, 5])).toBe("1-3,5\n");
});

test("offline is what the machine could have beside them", () => {
  expect(render("offline", [1, 2])).toBe("0,3-7\n");
  expect(render("offline", [0, 1, 2, 3, 4, 5, 6, 7])).toBe("\n");
});
