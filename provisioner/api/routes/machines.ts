import { viewMachines } from "../../ct/views.ts";
import { followEvents, listEvents } from "../../events/event-log.ts";
import { type EventView, viewEvent } from "../../events/render.ts";
import type { Host } from "../../host/host.ts";
import { listMachines, readMachine } from "../../machines/machines.ts";
import type { Route } from "../route.ts";
import { oneWord, reference } from "../schema.ts";

/** Machines as they are, and what has happened to them. */
export function machineRoutes(host: Host): readonly Route[] {
  const { store, docker, config } = host;
  return [
    {
      ...{ method: "GET", path: "/v1/machines", name: "listMachines" },
      summary: "All machines, of all hosts of the store",
      answer: {
        ...{ status: 200, description: "by name" },
        schema: { type: "array", items: reference("Machine") },
      },
      handle: async () => viewMachines(store, config.name, docker, await listMachines(store)),
    },
    {
      ...{ method: "GET", path: "/v1/machines/{name}", name: "showMachine" },
      summary: "Everything about one machine",
      answer: { status: 200, description: "the machine", schema: reference("Machine") },
      handle: async ({ params: { name = "" } }) =>
        (await viewMachines(store, config.name, docker, [await readMachine(store, name)]))[0],
    },
    {
      ...{ method: "GET", path: "/v1/events", name: "listEvents" },
      summary: "What has happened, oldest first",
      query: {
        follow: { schema: oneWord("true", "false"), description: "go on with what happens, without end" },
      },
      answer: { status: 200, description: "a line for each", schema: reference("Event"), isStream: true },
      handle: async ({ query, signal }) => eventsOf(host, query.follow === "true", signal),
    },
  ];
}

async function* eventsOf(
  { store }: Host,
  isFollowed: boolean,
  signal: AbortSignal,
): AsyncGenerator<EventView> {
  if (!isFollowed) yield* (await listEvents(store)).map(viewEvent);
  else
    for await (const event of followEvents(store, Number.POSITIVE_INFINITY, signal)) yield viewEvent(event);
}
