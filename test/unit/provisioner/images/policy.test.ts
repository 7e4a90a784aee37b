import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../../../../core/runtime/errors.ts";
import { parsePolicy, readKnownPolicy, readPolicy } from "../../../../provisioner/images/policy.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("nothing said, nothing looked at", () => {
  expect(parsePolicy("f", {})).toEqual({});
});

test("everything said, in a file", async () => {
  const file = join(cleanup.temporaryFolder(), "policy.yaml");
  writeFileSync(
    file,
    `
packages: { allowed: ["lib*"], forbidden: ["telnet*", "openssl<3.0.11-1", "curl >= 8"] }
ports: ["8080", "53/udp"]
users: { forbidden: root }
setuid: [bin/su]
bases: ["debian:*"]
maxSize: 500M
labels: [owner]
secrets: { allowed: ["usr/share/doc/**"] }
`,
  );
  const policy = await readPolicy(file);
  expect(policy).toMatchObject({
    ports: ["8080/tcp", "53/udp"],
    users: { forbidden: ["root"] },
    maxBytes: 500 * 2 ** 20,
    labels: ["owner"],
  });
  const forbidden = (name: string, version: string): boolean =>
    policy.packages?.forbidden.some((rule) => rule.matches({ manager: "dpkg", name, version })) ?? false;
  expect([
    forbidden("telnetd", "1"),
    forbidden("openssl", "3.0.9-1"),
    forbidden("openssl", "3.0.11-1"),
    forbidden("curl", "8.1"),
  ]).toEqual([true, true, false, true]);
  expect([
    policy.setuid?.("bin/su"),
    policy.setuid?.("bin/ls"),
    policy.secretsAllowed?.("usr/share/doc/a/key"),
  ]).toEqual([true, false, true]);
});

test("an empty list of what is allowed allows nothing", () => {
  const { setuid, ports, secretsAllowed } = parsePolicy("f", { setuid: [], ports: [], secrets: {} });
  expect([setuid?.("bin/su"), ports, secretsAllowed?.("a")]).toEqual([false, [], false]);
});

test.for([
  [{ package: {} }, 'unknown option "package"'],
  [{ packages: { forbidden: ["a b c"] } }, '"a b c" is not a package'],
  [{ ports: ["http"] }, '"http" is not a port'],
  [{ maxSize: "large" }, '"large" is not a size'],
  [{ setuid: ["/(/"] }, "is not a regular expression"],
] as const)("%j is refused", ([values, why]) => {
  expect(() => parsePolicy("f", values)).toThrow(UsageError);
  expect(() => parsePolicy("f", values)).toThrow(why);
});

test("one that stands guard is known by its file, and is not followed when that is empty", async () => {
  const file = join(cleanup.temporaryFolder(), "policy.yaml");
  writeFileSync(file, "labels: [owner]");
  const { id, policy } = await readKnownPolicy(file);
  expect([id, policy]).toEqual([expect.stringMatching(/^sha256:/), { labels: ["owner"] }]);
  for (const text of ["", "\n# all of it is a comment\n", "---\n# labels: [owner]\n", "~\n"]) {
    writeFileSync(file, text);
    await expect(readKnownPolicy(file)).rejects.toThrow(`policy ${file}: is empty`);
  }
  writeFileSync(file, "{}");
  expect((await readKnownPolicy(file)).policy).toEqual({});
});

test("what one is known by is what was read, though its file changes meanwhile", async () => {
  const file = join(cleanup.temporaryFolder(), "policy.yaml");
  writeFileSync(file, "labels: [owner]");
  const before = await readKnownPolicy(file);
  const reading = readKnownPolicy(file);
  writeFileSync(file, "labels: [team]");

  expect(await reading).toEqual(before);
});
