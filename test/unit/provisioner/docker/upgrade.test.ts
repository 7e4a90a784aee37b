import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { upgradeConnection } from "../../../../provisioner/docker/upgrade.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test.for([
  ['{"message":"container c1 is not running"}', "container c1 is not running"],
  ["", "status 409"],
])("an engine that says %j instead is told of as %s", async ([answer, message]) => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(409).end(answer);
  });
  const path = join(cleanup.temporaryFolder(), "docker.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  cleanup.add("server", () => void server.close());

  await expect(upgradeConnection(path, "/exec/e1/start", {})).rejects.toThrow(
    `docker: POST /exec/e1/start: ${message}`,
  );
});

test("no engine at all", async () => {
  const path = join(cleanup.temporaryFolder(), "docker.sock");

  await expect(upgradeConnection(path, "/exec/e1/start", {})).rejects.toThrow("no answer");
});
