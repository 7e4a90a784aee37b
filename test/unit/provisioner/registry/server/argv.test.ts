import { expect, test } from "vitest";
import { exec } from "../../../../../core/runtime/exec.ts";
import {
  configOf,
  registryArgv,
  registryEnvironment,
} from "../../../../../provisioner/registry/server/argv.ts";
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

test("2.8 panics with AWS_CA_BUNDLE over a bucket; a store's own authorities are Go's to know", () => {
  const s3 = (version: number, more: object): object => ({
    version,
    storage: { s3: { bucket: "images", ...more } },
  });
  const inside = (changes: object): unknown => registryEnvironment(spec(changes));
  expect(inside({})).toEqual({ AWS_CA_BUNDLE: "" });
  expect(inside(s3(2, { caFile: "/ca" }))).toEqual({ AWS_CA_BUNDLE: "", SSL_CERT_FILE: "/ca" });
  expect(inside(s3(3, {}))).toEqual({});
  expect(inside(s3(3, { caFile: "/ca" }))).toEqual({ AWS_CA_BUNDLE: "", SSL_CERT_FILE: "/ca" });
});

testIf(isRoot)("as its user", async () => {
  const argv = await registryArgv(spec({ user: "nobody", program: "id" }), "-un");
  expect((await exec(argv)).stdout).toBe("nobody\n");
});
