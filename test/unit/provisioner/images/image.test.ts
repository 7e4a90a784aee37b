import { expect, test } from "vitest";
import { parseImageConfig } from "../../../../provisioner/images/image.ts";

test("what an image says of itself", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const config = { ExposedPorts: { "8080/tcp": {} }, User: "app", Env: ["A=1"], Labels: { l: "x" } };
  expect(parseImageConfig({ config, rootfs: { diff_ids: [digest] } })).toEqual({
    exposedPorts: ["8080/tcp"],
    user: "app",
    env: ["A=1"],
    labels: { l: "x" },
    diffIds: [digest],
  });
});

test.for([
  {},
  { config: null },
  { config: { Env: "x", Labels: [], User: 1 }, rootfs: { diff_ids: ["../x"] } },
])("%j says nothing", (value) => {
  expect(parseImageConfig(value)).toEqual({ exposedPorts: [], user: "", env: [], labels: {}, diffIds: [] });
});
