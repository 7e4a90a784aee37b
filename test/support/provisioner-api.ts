import { join } from "node:path";
import { systemClock } from "../../core/runtime/clock.ts";
import { reserveAddresses } from "../../provisioner/addresses/reserve.ts";
import { machineRoutes } from "../../provisioner/api/routes/machines.ts";
import { type ApiServer, openApiServer } from "../../provisioner/api/server.ts";
import { openDockerEngine } from "../../provisioner/docker/engine.ts";
import { EventLog } from "../../provisioner/events/event-log.ts";
import { parseHostConfig } from "../../provisioner/host/config.ts";
import type { Host } from "../../provisioner/host/host.ts";
import { encodeMachine, machineKey, nameKey } from "../../provisioner/machines/documents.ts";
import { createNetwork } from "../../provisioner/networks/networks.ts";
import type { Machine } from "../../provisioner/resources/types.ts";
import { openEmbeddedStore } from "../../provisioner/store/embedded.ts";
import type { Cleanup } from "./cleanup.ts";
import { MACHINE } from "./machine-model.ts";
import { specOf } from "./networks.ts";
import { recordLog } from "./record-log.ts";

/** A provisioner's store with one machine, and its API on a socket: all of it but the host that it would change. */
export interface ProvisionerApi {
  readonly socket: string;
  /** The permanent address of the machine `web`. */
  readonly ip: string;
  /** As the operation of this kind leaves it: changed, or gone. */
  finish(kind: string, changes: Partial<Machine> | "gone"): Promise<void>;
  restart(): Promise<void>;
}

export async function startProvisionerApi(cleanup: Cleanup): Promise<ProvisionerApi> {
  const folder = cleanup.temporaryFolder();
  const store = openEmbeddedStore(join(folder, "state.db"));
  cleanup.add("store", () => store.close());
  await createNetwork(store, systemClock, specOf({ name: MACHINE.network }));
  const [lease] = await reserveAddresses(store, systemClock, MACHINE.network, [{ owner: MACHINE.id }]);
  const write = (machine: Machine): Promise<unknown> =>
    store.transact({
      expect: [],
      put: [
        { key: machineKey(machine.id), value: encodeMachine({ machine, host: "h1", createdMs: 0 }) },
        { key: nameKey(machine.name), value: { id: machine.id } },
      ],
    });
  await write(MACHINE);
  const docker = openDockerEngine(join(folder, "docker.sock"));
  cleanup.add("engine", () => docker.close());
  const host = { store, docker, config: parseHostConfig("host.yaml", { name: "h1" }) } as Host;
  const [socket, events] = [join(folder, "provisioner.sock"), new EventLog(store, systemClock, "h1")];
  const open = (): Promise<ApiServer> => openApiServer(socket, machineRoutes(host), recordLog());
  let server = await open();
  cleanup.add("api", () => server.close());
  return {
    socket,
    ip: lease?.address ?? "",
    finish: async (kind, changes) => {
      if (changes === "gone")
        await store.transact({ expect: [], remove: [machineKey(MACHINE.id), nameKey(MACHINE.name)] });
      else await write({ ...MACHINE, ...changes });
      await events.add({ kind, state: "done", name: MACHINE.name, id: MACHINE.id });
    },
    restart: async () => {
      await server.close();
      server = await open();
    },
  };
}
