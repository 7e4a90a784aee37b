import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { checkAccess } from "../../../../../provisioner/registry/server/access.ts";
import { parseServer } from "../../../../../provisioner/registry/server/declaration.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { isRoot, testIf } from "../../../../support/host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
/** Of Debian's nobody. */
const NOBODY = 65_534;

function check(folder: string, changes: object): Promise<void> {
  const storage = { filesystem: { folder: join(folder, "storage") } };
  const replicas = { a: { address: "10.0.0.11:5000" } };
  return checkAccess(
    parseServer("file", { name: "registry", user: "nobody", replicas, storage, ...changes }),
  );
}

testIf(isRoot)("what root can read and the registry's user cannot is told", async () => {
  const folder = cleanup.temporaryFolder();
  chmodSync(folder, 0o755);
  const storage = join(folder, "storage");
  await expect(check(folder, {})).rejects.toThrow(/storage: is not there, and cannot be written by nobody/);
  mkdirSync(storage, { mode: 0o755 });
  const refused = check(folder, {});
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toMatchObject({ hint: `install -d -o nobody ${storage}` });
  chownSync(storage, NOBODY, NOBODY);
  await check(folder, {});

  const file = join(folder, "passwords");
  writeFileSync(file, "", { mode: 0o600 });
  const auth = { htpasswd: { file } };
  await expect(check(folder, { auth })).rejects.toThrow(/passwords: cannot be read by nobody/);
  const tls = { certificate: file, key: file };
  await expect(check(folder, { tls })).rejects.toThrow(/passwords: cannot be read by nobody/);
  await check(folder, { tls, policy: "/policy.yaml" });
  chmodSync(file, 0o644);
  await check(folder, { auth, tls });
});

testIf(isRoot)("a folder that its user can make is left to it", async () => {
  const folder = cleanup.temporaryFolder();
  chownSync(folder, NOBODY, NOBODY);
  await check(folder, {});
});

test("whoever runs it as himself finds out by himself", async () => {
  await check("/none", { user: undefined });
});
