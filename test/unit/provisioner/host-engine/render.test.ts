import { expect, test } from "vitest";
import { renderEngineChange } from "../../../../provisioner/host-engine/render.ts";

test("a change as a line", () => {
  const pool = { kind: "createPool", group: "data", name: "docker", bytes: 100 * 2 ** 30 } as const;
  const settings = { "storage-driver": "overlay2", "storage-opts": ["overlay2.size=10737418240"] };
  const configure = {
    kind: "configure",
    socket: "/s",
    file: "/e/daemon.json",
    driver: "overlay2",
    settings,
  } as const;

  expect(renderEngineChange(pool)).toBe("create thin pool data/docker of 100 GiB for Docker");
  expect(renderEngineChange(configure)).toBe(
    "have Docker store by overlay2, overlay2.size=10737418240, in /e/daemon.json, and start it again",
  );
});
