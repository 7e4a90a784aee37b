/*
 * nameserver 10.0.0.2
 * search example.org
 *
 * resolv.conf(5); hosts(5) is `ADDRESS NAME…` a line, hostname(5) the name alone. What a machine's programs look names
 * up with.
 */
import { existsSync, readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import { errnoOf } from "../../core/runtime/errors.ts";
import { replaceFile } from "./identity.ts";

/** Where a host has its name servers; the second where it asks a resolver of its own, systemd's. */
const HOST_FILES = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

/** By what they are called in /etc. */
const FILES = ["hostname", "hosts", "resolv.conf"] as const;

interface Names {
  readonly name: string;
  readonly address: string;
  /** The network's name servers. */
  readonly dns: readonly string[];
}

/** Writes them into a folder. Returns how a container has them in /etc. */
export function writeNameFiles(folder: string, { name, address, dns }: Names): readonly string[] {
  const texts = {
    hostname: `${name}\n`, // of a container without a network of its own some engines leave it empty
    hosts: renderHosts(name, address),
    "resolv.conf": renderResolvConf(dns, HOST_FILES.map(readIfThere)),
  };
  for (const file of FILES) replaceFile(join(folder, file), texts[file]);
  return FILES.map((file) => `${join(folder, file)}:/etc/${file}`);
}

export function hasNameFiles(folder: string): boolean {
  return FILES.every((file) => existsSync(join(folder, file)));
}

export function renderHosts(name: string, address: string): string {
  return `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n${address} ${name}\n`;
}

/**
 * The network's name servers, or those of the first of the host's files that has any a machine can reach: by IPv4,
 * and not on the host's loopback. What else the host says, search and options, holds here too.
 */
export function renderResolvConf(dns: readonly string[], hostFiles: readonly string[]): string {
  const hosts = hostFiles.map(parseResolvConf);
  const { servers = [], others = [] } = hosts.find((host) => host.servers.length > 0) ?? hosts[0] ?? {};
  const lines = [...(dns.length > 0 ? dns : servers).map((server) => `nameserver ${server}`), ...others];
  return lines.map((line) => `${line}\n`).join("");
}

function parseResolvConf(text: string): { servers: readonly string[]; others: readonly string[] } {
  const lines = text.split("\n").map((line) => line.trim());
  return {
    servers: lines.flatMap((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? []).filter(isReachable),
    others: lines.filter((line) => /^(?:search|domain|options)\s/.test(line)),
  };
}

function isReachable(server: string): boolean {
  return isIPv4(server) && !server.startsWith("127.");
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}
