import { expect, test } from "vitest";
import { parseHostConfig } from "../../../../provisioner/host/config.ts";

test("everything has a default", () => {
  expect(parseHostConfig("host.yaml", { name: "h1" })).toEqual({
    name: "h1",
    bridge: "br0",
    ovs: "unix:/var/run/openvswitch/db.sock",
    docker: "/var/run/docker.sock",
    shim: "/var/lib/plimsoll/shim",
    data: "/var/lib/plimsoll/machines",
    push: [],
    interval: "10s",
    probe: "rfc5227",
  });
});

test("one URL or several to push to", () => {
  expect(parseHostConfig("h", { push: "otlp+http://a:1" }).push).toEqual(["otlp+http://a:1"]);
  expect(parseHostConfig("h", { push: ["otlp+http://a:1", "otlp+http://b:1"] }).push).toHaveLength(2);
});

test.for([
  [{ brigde: "br0" }, 'unknown option "brigde"'],
  [{ bridge: 7 }, "bridge: must be a text"],
  [{ push: [1] }, "push: must be URLs"],
  [{ name: "a/b" }, "name: "],
  [{ interval: "often" }, "interval: "],
  [{ probe: "never" }, "probe: one of fast, rfc5227"],
] as const)("%j is refused", ([values, message]) => {
  expect(() => parseHostConfig("host.yaml", values)).toThrow(`configuration host.yaml: ${message}`);
});
