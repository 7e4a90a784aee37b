import { expect, test } from "vitest";
import { holderBody } from "../../../../provisioner/executors/holder-body.ts";

const body = holderBody({ id: "6f1c", name: "web" }, "plimsoll-holder:1");

test("found by its machine's id, without any rights, and no network that the engine makes", () => {
  expect(body).toMatchObject({
    ...{ Image: "plimsoll-holder:1", Hostname: "web", Labels: { "io.plimsoll.machine": "6f1c" } },
    NetworkDisabled: true,
    HostConfig: { NetworkMode: "none", CapDrop: ["ALL"], ReadonlyRootfs: true },
  });
});

test("its limits leave room for what starts it: a thread for each CPU, and its own program in memory", () => {
  // nr_cpu_ids of the largest hosts, and what runc has been seen to take (opencontainers/runc#3986).
  expect(body.HostConfig).toMatchObject({ PidsLimit: 1024, Memory: 64 * 2 ** 20 });
});
