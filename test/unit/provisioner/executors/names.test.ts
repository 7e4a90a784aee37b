import { expect, test } from "vitest";
import { containerName, holderName, portName } from "../../../../provisioner/executors/names.ts";

const machine = { id: "6f1c2d3e-4f5a-4b6c-8d7e-9f0a1b2c3d4e", name: "web" };

test("containers carry the name, a port as much of the id as a device's name holds", () => {
  expect(containerName(machine, 3)).toBe("plimsoll.web.3");
  expect(holderName(machine)).toBe("plimsoll.web.net");
  expect(portName(machine)).toBe("plim6f1c2d3e4f5");
  expect(portName(machine)).toHaveLength(15);
});
