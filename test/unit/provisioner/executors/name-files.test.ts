import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import {
  hasNameFiles,
  renderHosts,
  renderResolvConf,
  writeNameFiles,
} from "../../../../provisioner/executors/name-files.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const SYSTEMD = "# stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch stub.example\n";
const BEHIND = "nameserver 192.0.2.1\nnameserver\t192.0.2.2\nnameserver fe80::1\nsearch example.org\n";

test("a machine knows its own name, by its own address", () => {
  expect(renderHosts("web", "10.0.0.7").split("\n")).toContain("10.0.0.7 web");
});

test("the network's name servers, with what else the host says", () => {
  expect(renderResolvConf(["10.0.0.2", "10.0.0.3"], [BEHIND])).toBe(
    "nameserver 10.0.0.2\nnameserver 10.0.0.3\nsearch example.org\n",
  );
});

test("a network without any: the host's, those that a machine can reach", () => {
  expect(renderResolvConf([], [BEHIND])).toBe(
    "nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch example.org\n",
  );
  expect(renderResolvConf([], [SYSTEMD, BEHIND])).toBe(
    "nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch example.org\n",
  );
});

test("a host whose only resolver is its own leaves none, and nobody else's instead", () => {
  expect(renderResolvConf([], [SYSTEMD, ""])).toBe("options edns0 trust-ad\nsearch stub.example\n");
  expect(renderResolvConf([], ["", ""])).toBe("");
  expect(renderResolvConf(["10.0.0.2"], [])).toBe("nameserver 10.0.0.2\n");
});

test("written as a container is to have them, and anew each time", () => {
  const folder = cleanup.temporaryFolder();
  const names = { name: "web", address: "10.0.0.7", dns: ["10.0.0.2"] };
  expect(hasNameFiles(folder)).toBe(false);
  expect(writeNameFiles(folder, names)).toEqual([
    `${folder}/hostname:/etc/hostname`,
    `${folder}/hosts:/etc/hosts`,
    `${folder}/resolv.conf:/etc/resolv.conf`,
  ]);
  expect(hasNameFiles(folder)).toBe(true);
  writeNameFiles(folder, { ...names, address: "10.0.0.8" });
  expect(readFileSync(`${folder}/hostname`, "utf8")).toBe("web\n");
  expect(readFileSync(`${folder}/hosts`, "utf8")).toBe(renderHosts("web", "10.0.0.8"));
  expect(readFileSync(`${folder}/resolv.conf`, "utf8")).toMatch(/^nameserver 10\.0\.0\.2\n/);
});
