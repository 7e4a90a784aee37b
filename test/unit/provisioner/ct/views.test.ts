import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { viewMachines } from "../../../../provisioner/ct/views.ts";
import { openDockerEngine } from "../../../../provisioner/docker/engine.ts";
import { createNetwork } from "../../../../provisioner/networks/networks.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { MACHINE } from "../../../support/machine-model.ts";
import { SetClock, specOf } from "../../../support/networks.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("machines are told of while the engine is away, and while it takes requests and answers none", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  await createNetwork(store, new SetClock(), specOf({ name: "front" }));
  const socket = join(cleanup.temporaryFolder(), "docker.sock");
  const docker = openDockerEngine(socket);
  cleanup.add("engine", () => docker.close());
  const records = [{ machine: MACHINE, host: "h1", createdMs: 0 }];

  const away = await viewMachines(store, "h1", docker, records);
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  cleanup.add("server", () => {
    server.closeAllConnections();
    server.close();
  });
  const hanging = await viewMachines(store, "h1", docker, records);

  for (const views of [away, hanging]) expect(views).toMatchObject([{ name: "web", state: "unknown" }]);
});
