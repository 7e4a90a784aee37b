import { expect, test } from "vitest";
import { renderChange, renderProblem } from "../../../../provisioner/host-network/render.ts";

const bond = { name: "bond0", bridge: "br0", members: ["eno1", "eno2"], trunks: [], updelayMs: 200 };

test("each change is a line", () => {
  expect(
    [
      renderChange({ kind: "createBridge", name: "br0", datapath: "system" }),
      renderChange({ kind: "raiseNic", name: "eno1" }),
      renderChange({ kind: "createBond", bond }),
      renderChange({ kind: "createBond", bond: { ...bond, primary: "eno1", trunks: [100, 200] } }),
      renderChange({
        kind: "changeBond",
        bond,
        differences: ["primary none, not eno1", "updelay 0 ms, not 200 ms"],
      }),
    ].join("\n"),
  ).toBe(`create bridge br0, system datapath
bring NIC eno1 up
create bond bond0 on br0: eno1, eno2, all VLANs
create bond bond0 on br0: eno1, eno2, eno1 preferred, VLANs 100, 200
change bond bond0: primary none, not eno1; updelay 0 ms, not 200 ms`);
});

test("a problem says what to do", () => {
  expect(renderProblem({ subject: "eno1", message: "is not there" })).toBe("eno1: is not there");
  expect(renderProblem({ subject: "br0", message: "is other", hint: "remove it" })).toBe(
    "br0: is other (hint: remove it)",
  );
});
