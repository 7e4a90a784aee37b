import { Refusal, type Reply, type Route } from "../http/route.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { LatestStore } from "../latest.ts";
import type { Watch } from "../lifecycle/watch.ts";

/** node_exporter's; `?port=` names another. */
const DEFAULT_PORT = "9100";
const META = "__meta_plimsoll_";

/** `GET /sd`: every machine that still has its address, as Prometheus' http_sd_configs wants it. */
export function serviceDiscoveryRoute(
  latest: LatestStore,
  inventory: Inventory,
  watch: Pick<Watch, "state">,
): Route {
  return {
    method: "GET",
    path: "/sd",
    summary: "the machines as targets for Prometheus' http_sd_configs, ?port=9100 (JSON)",
    handle: ({ query }) => {
      const port = query.get("port") ?? DEFAULT_PORT;
      if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
        throw new Refusal(400, `port ${JSON.stringify(port)}`);
      const groups = [...inventory.machines()]
        .filter(({ ended }) => ended === undefined)
        .map((history) => {
          const { ip, owner } = history;
          const about = {
            ...latest.machine(ip)?.identity,
            ip,
            state: watch.state(history),
            owner: owner ?? "",
          };
          const target = `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
          return { targets: [target], labels: metaLabels(about) };
        });
      return reply(groups);
    },
  };
}

function metaLabels(about: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(about).filter(([name, value]) => value !== "" && name !== "instance");
  return Object.fromEntries(entries.map(([name, value]) => [META + name, value]));
}

/** Prometheus wants exactly this type. */
function reply(groups: readonly object[]): Reply {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(groups) };
}
