import { expect, it } from "vitest";
import { V1_FILES } from "../../../../../../core/kernel/cgroup/v1/files.ts";
import { tempTree } from "../../hosts.ts";

it.each(Object.entries(V1_FILES))("%s of a cgroup that is gone is undefined", (_, read) => {
  expect(read(`${tempTree({})}/gone`)).toBeUndefined();
});
