import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { identityFolder, readIdentity } from "../../../../provisioner/executors/identity.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("read back as it was written; absent where there is none, or none of ours", () => {
  const data = cleanup.temporaryFolder();
  const folder = identityFolder(data, "6f1c");
  expect(readIdentity(data, "6f1c")).toBeUndefined();

  mkdirSync(folder, { recursive: true });
  const document = {
    ip: "10.0.0.7",
    name: "web",
    id: "6f1c",
    type: "db",
    labels: { team: "shop" },
    generation: 2,
  };
  writeFileSync(join(folder, "identity.json"), JSON.stringify(document));
  expect(readIdentity(data, "6f1c")).toEqual({
    address: "10.0.0.7",
    type: "db",
    labels: { team: "shop" },
    generation: 2,
  });

  writeFileSync(join(folder, "identity.json"), "half a docu");
  expect(readIdentity(data, "6f1c")).toBeUndefined();
});
