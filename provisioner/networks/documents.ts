/*
 * networks/web  {"vlan":100,"cidr":"10.0.0.0/24","gateway":"10.0.0.1","dns":["10.0.0.2"],"exclude":["10.0.0.2-10.0.0.9"],
 *               "quarantineSeconds":600,"state":"active","createdMs":1700000000000}
 */
import { errorLine } from "../../core/runtime/errors.ts";
import { damaged, Fields } from "../store/documents.ts";
import type { Entry, Store } from "../store/types.ts";
import { type Network, type NetworkSpec, renderNetwork } from "./network.ts";
import { parseSpec } from "./parse-spec.ts";

export const NETWORKS = "networks/";

export function networkKey(name: string): string {
  return NETWORKS + name;
}

/** A document that every network changes when it is made: of two made at once one sees the other. */
export const NEWEST = "newest-network";

export function encodeNetwork(network: Network): object {
  return { ...renderNetwork(network), state: network.state, createdMs: network.createdMs };
}

export function decodeNetwork(store: Store, entry: Entry): Network {
  const fields = new Fields(store, entry);
  const text = {
    name: entry.key.slice(NETWORKS.length),
    vlan: String(fields.integer("vlan", 1)),
    cidr: fields.text("cidr"),
    gateway: fields.optionalText("gateway"),
    dns: fields.texts("dns"),
    exclude: fields.texts("exclude"),
    quarantineSeconds: fields.integer("quarantineSeconds", 0),
  };
  const state = fields.choice("state", ["active", "removing"]);
  const createdMs = fields.integer("createdMs", 0);
  return { ...decodeSpec(store, entry.key, text), state, createdMs };
}

/** What was valid on the command line is valid here, and nothing else. */
function decodeSpec(store: Store, key: string, text: Parameters<typeof parseSpec>[0]): NetworkSpec {
  try {
    return parseSpec(text);
  } catch (error) {
    throw damaged(store.name, key, errorLine(error));
  }
}
