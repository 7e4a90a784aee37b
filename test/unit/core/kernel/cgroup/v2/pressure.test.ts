import { expect, it } from "vitest";
import { readPressure } from "../../../../../../core/kernel/cgroup/v2/pressure.ts";
import { tempTree, writeIn } from "../../hosts.ts";

it("passes the kernel's text on, each resource read when first asked for", () => {
  const files = { "cpu.pressure": "some cpu\n", "io.pressure": "some io\n", "irq.pressure": "full irq\n" };
  const directory = tempTree(files);
  const pressure = readPressure(directory);
  writeIn(directory, "io.pressure", "later\n");
  expect([pressure?.cpu, pressure?.io, pressure?.memory]).toEqual(["some cpu\n", "later\n", undefined]);
  expect(pressure?.irq).toBe("full irq\n");
});

it("is undefined without PSI", () => expect(readPressure(tempTree({}))).toBeUndefined());
