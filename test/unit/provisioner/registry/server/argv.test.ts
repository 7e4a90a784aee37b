import { expect, test } from "vitest";
import { exec } from "../../../../../core/runtime/exec.ts";
import { configOf, registryArgv } from "../../../../../provisioner/registry/server/argv.ts";
import { parseServer } from "../../../../../provisioner/registry/server/declaration.ts";
import { isRoot, testIf } from "../../../../support/host.ts";

const spec = (changes: object): ReturnType<typeof parseServer> =>
  parseServer("file", {
    name: "registry",
    folder: "/conf",
    replicas: { a: { address: "10.0.0.11:5000" } },
    storage: { filesystem: { folder: "/srv" } },
    ...changes,
  });

test("dies with whoever starts it", async () => {
  const argv = await registryArgv(spec({}), "serve", configOf(spec({}), "writable"));
  expect(argv.join(" ")).toBe("setpriv --pdeathsig KILL -- docker-registry serve /conf/config.yml");
  expect(configOf(spec({}), "read-only")).toBe("/conf/config-readonly.yml");
});

testIf(isRoot)("as its user", async () => {
  const argv = await registryArgv(spec({ user: "nobody", program: "id" }), "-un");
  expect((await exec(argv)).stdout).toBe("nobody\n");
});
