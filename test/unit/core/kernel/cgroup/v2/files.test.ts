import { expect, it } from "vitest";
import { V2_FILES } from "../../../../../../core/kernel/cgroup/v2/files.ts";
import { tempTree } from "../../hosts.ts";

it.each(Object.entries(V2_FILES))("%s of a cgroup that is gone is undefined", (_, read) => {
  expect(read(`${tempTree({})}/gone`)).toBeUndefined();
});
