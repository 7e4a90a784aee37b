import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../../../core/runtime/errors.ts";
import { imageCommand } from "../../../provisioner/image-command.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { makeTar } from "../../support/make-tar.ts";
import { answering, MemoryRegistry } from "../../support/memory-registry.ts";
import { type Printed, runCommand } from "../../support/run-command.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** What `plimsoll image …` prints, and the code it ends with. */
function image(...args: readonly string[]): Promise<Printed> {
  return runCommand(imageCommand(new AbortController().signal), args);
}

function policy(values: object): readonly string[] {
  const file = join(cleanup.temporaryFolder(), "policy.json");
  writeFileSync(file, JSON.stringify(values));
  return ["--policy", file];
}

test("an image of a registry, in each format", async () => {
  const server = await new MemoryRegistry().start(cleanup);
  server.putImage("team/app", "v1", makeTar([{ name: "bin/su", mode: 0o4755 }]));
  const name = `${new URL(server.url).host}/team/app:v1`;

  expect(await image("check", name, ...policy({ setuid: ["bin/su"] }))).toMatchObject({
    code: 0,
    text: expect.stringContaining("as the policy wants it"),
  });
  const refused = policy({ setuid: [] });
  expect(await image("check", name, ...refused)).toMatchObject({
    code: 1,
    text: expect.stringContaining("setuid-not-allowed"),
  });
  const { text } = await image("check", name, ...refused, "--json");
  expect(JSON.parse(text)).toMatchObject({ isAccepted: false, violations: [{ path: "bin/su" }] });
  const sarif = await image("check", name, ...refused, "--format", "sarif");
  expect(JSON.parse(sarif.text).runs[0].results).toHaveLength(1);
});

test("a registry that asks for a user gets the one of the configuration", async () => {
  const server = await new MemoryRegistry().start(cleanup);
  server.putImage("app", "v1", makeTar([{ name: "a" }]));
  server.intercept = (request, ...rest) =>
    request.headers.authorization !== "Basic dTpw" &&
    answering(401, "", { "www-authenticate": "Basic" })(request, ...rest);
  const folder = cleanup.temporaryFolder();
  writeFileSync(join(folder, "password"), "p\n");
  const registries = { one: { url: server.url, username: "u", passwordFile: join(folder, "password") } };
  writeFileSync(join(folder, "registry.json"), JSON.stringify({ registries }));
  const name = `${new URL(server.url).host}/app:v1`;

  expect(await image("check", name, ...policy({}), "--config", join(folder, "registry.json"))).toMatchObject({
    code: 0,
  });
  await expect(image("check", name, ...policy({}))).rejects.toThrow("asks for a user and a password");
});

test("wrong usage", async () => {
  await expect(image("check", "app", ...policy({}))).rejects.toThrow("is not an image of a registry");
  await expect(image("check", "app", "--format", "xml", ...policy({}))).rejects.toThrow(UsageError);
});

test("a Dockerfile, before anything is built of it", async () => {
  const file = join(cleanup.temporaryFolder(), "Dockerfile");
  writeFileSync(file, "FROM debian:12\nEXPOSE 22\n");
  expect(await image("check", file, ...policy({ ports: ["22/tcp"] }))).toMatchObject({ code: 0 });
  expect(await image("check", file, ...policy({ ports: [] }))).toMatchObject({
    code: 1,
    text: expect.stringMatching(/port-not-allowed +22\/tcp/),
  });
});
