import { expect, test } from "vitest";
import { DEFAULT_REMOTE, parseRemote } from "../../../../provisioner/ovsdb/remote.ts";

test("addresses as ovs-vsctl has them", () => {
  expect(parseRemote(DEFAULT_REMOTE)).toEqual({ path: "/var/run/openvswitch/db.sock" });
  expect(parseRemote("tcp:192.0.2.1:6640")).toEqual({ host: "192.0.2.1", port: 6640 });
  expect(parseRemote("tcp:[2001:db8::1]:6640")).toEqual({ host: "2001:db8::1", port: 6640 });
});

test.for(["", "unix:", "/var/run/db.sock", "ssl:192.0.2.1:6640", "tcp:192.0.2.1", "tcp:a:0", "tcp:a:70000"])(
  "%j is none",
  (text) => {
    expect(() => parseRemote(text)).toThrow("is not an OVSDB address");
  },
);
