import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { environmentOption, environmentVariable, readConfigFile } from "../../core/runtime/config.ts";
import { parseDuration } from "../../core/runtime/duration.ts";
import { UsageError } from "../../core/runtime/errors.ts";
import type { ProbeMode } from "../drivers/arp.ts";

/** Read when it exists and no other is named. */
const CONFIG_FILE = "/etc/plimsoll/host.yaml";

/** What a host's machines stand on. */
export interface HostConfig {
  /** In the store: whose machines they are. It must not change. */
  readonly name: string;
  /** The bridge that cards are plugged into. */
  readonly bridge: string;
  /** Open vSwitch's database, `unix:/path` or `tcp:address:port`. */
  readonly ovs: string;
  /** Docker's socket. */
  readonly docker: string;
  /** Where the shim is mounted. */
  readonly shim: string;
  /** What machines have on this host: volumes, identities. */
  readonly data: string;
  /** Where their agents push to. */
  readonly push: readonly string[];
  readonly interval: string;
  /** How thoroughly an address is asked for before its first use. */
  readonly probe: ProbeMode;
}

const KEYS = ["name", "bridge", "ovs", "docker", "shim", "data", "push", "interval", "probe"] as const;

/** `path`, else PLIMSOLL_HOST_CONFIG, else the default file if there is one. Throws UsageError naming the option that is wrong. */
export async function readHostConfig(path: string | undefined): Promise<HostConfig> {
  const file =
    path ?? environmentOption("HOST_CONFIG") ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  return parseHostConfig(file ?? CONFIG_FILE, file === undefined ? {} : await readConfigFile(file));
}

export function parseHostConfig(file: string, values: Readonly<Record<string, unknown>>): HostConfig {
  const refuse = (what: string, hint?: string): never => {
    throw new UsageError(`configuration ${file}: ${what}`, hint === undefined ? {} : { hint });
  };
  const unknown = Object.keys(values).find((key) => !KEYS.some((known) => known === key));
  if (unknown !== undefined)
    refuse(`unknown option ${JSON.stringify(unknown)}`, `known are ${KEYS.join(", ")}`);
  const text = (key: (typeof KEYS)[number], preset: string): string => {
    const value = values[key] ?? preset;
    return typeof value === "string" && value !== "" ? value : refuse(`${key}: must be a text`);
  };
  const push: readonly unknown[] = [values.push ?? []].flat();
  if (!push.every((url) => typeof url === "string")) refuse("push: must be URLs");
  const name = text("name", hostname());
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name)) refuse(`name: ${JSON.stringify(name)} is not a host name`);
  const interval = text("interval", "10s");
  parseDuration(`configuration ${file}: interval`, interval);
  const probe = text("probe", "rfc5227");
  if (probe !== "fast" && probe !== "rfc5227") return refuse("probe: one of fast, rfc5227");
  return {
    name,
    bridge: text("bridge", "br0"),
    ovs: text("ovs", "unix:/var/run/openvswitch/db.sock"),
    docker: text("docker", dockerSocket()),
    shim: text("shim", "/var/lib/plimsoll/shim"),
    data: text("data", "/var/lib/plimsoll/machines"),
    push: push.map(String),
    interval,
    probe,
  };
}

function dockerSocket(): string {
  return (environmentVariable("DOCKER_HOST") ?? "/var/run/docker.sock").replace(/^unix:\/\//, "");
}
