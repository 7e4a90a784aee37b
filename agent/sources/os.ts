import type { Labels } from "../../core/metrics/series.ts";
import { errnoOf } from "../../core/runtime/errors.ts";
import { gauge, point } from "../metric.ts";
import { defineSource, NoData, type SourceKind } from "../source-kind.ts";
import type { SourceContext } from "./types.ts";

/** os-release(5): the first that is there. */
const FILES = ["/etc/os-release", "/usr/lib/os-release"];

const INFO = gauge("node_os_info", "1, with what os-release says.");
const VERSION = gauge("node_os_version", "Metric containing the major.minor part of the OS version.");

/** Those of os-release that node_exporter takes. */
const FIELDS = [
  "BUILD_ID",
  "ID",
  "ID_LIKE",
  "IMAGE_ID",
  "IMAGE_VERSION",
  "NAME",
  "PRETTY_NAME",
  "VARIANT",
  "VARIANT_ID",
  "VERSION",
  "VERSION_CODENAME",
  "VERSION_ID",
] as const;

/** A distribution is upgraded while its containers run, but not often. */
const RELOAD_MS = 3_600_000;

export const os: SourceKind = defineSource({
  name: "os",
  describes: "the distribution, from os-release",
  open: () => {
    let known: { readonly labels: Labels; readonly atMs: number } | undefined;
    return async (context) => {
      const { nowMs } = context;
      if (known === undefined || nowMs - known.atMs >= RELOAD_MS) {
        known = { labels: parseOsRelease(await loadFirst(context)), atMs: nowMs };
      }
      const { labels } = known;
      const { id = "", id_like = "", name = "" } = labels;
      const info = point(INFO, labels, 1, nowMs);
      const version = Number(/^\d+(\.\d+)?/.exec(labels.version_id ?? "")?.[0] ?? Number.NaN);
      return Number.isNaN(version) ? [info] : [info, point(VERSION, { id, id_like, name }, version, nowMs)];
    };
  },
});

async function loadFirst({ load }: SourceContext): Promise<string> {
  for (const path of FILES) {
    try {
      return (await load(path)).text;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
  throw new NoData("no os-release");
}

/** Shell assignments: quotes are optional, what has no value is left out. */
function parseOsRelease(text: string): Labels {
  const labels: Record<string, string> = {};
  for (const [, key = "", value = ""] of text.matchAll(/^([A-Z_]+)=(.*)$/gm)) {
    const plain = value.replace(/^(["'])(.*)\1$/, "$2").replaceAll(/\\(.)/g, "$1");
    if (FIELDS.some((field) => field === key) && plain !== "") labels[key.toLowerCase()] = plain;
  }
  return labels;
}
