import type { SystemVersionAnswer } from "./engine-types.ts";

/** All we use is there since 1.41 (Docker 20.10) and as documented at 1.44, the oldest that Docker 29 takes. */
const OLDEST_MINOR = 41;
const BEST_MINOR = 44;

/**
 * Which version of its API a Docker engine is asked by. No one version does for all engines: Docker 20.10 knows none
 * after 1.41, and since 29 there is none before 1.44.
 * Source: Docker Engine API, "SystemVersion" and "Engine API version history".
 */
export class EngineApi {
  #prefix: string | undefined;

  /** What its paths begin with, `/v1.41`. `askVersion` gets the body of GET /version, and is called until it does. */
  async prefix(askVersion: () => Promise<string>): Promise<string> {
    this.#prefix ??= choosePrefix(await askVersion());
    return this.#prefix;
  }

  /** For when the engine may be another one, after a failure. */
  forget(): void {
    this.#prefix = undefined;
  }
}

function choosePrefix(versionAnswer: string): string {
  const { ApiVersion, MinAPIVersion } = parseVersions(versionAnswer);
  const newest = minorOf(ApiVersion) ?? OLDEST_MINOR;
  const oldest = minorOf(MinAPIVersion) ?? OLDEST_MINOR;
  return `/v1.${Math.max(oldest, Math.min(newest, BEST_MINOR))}`;
}

/** What is in front of an engine may answer in its place, and not in JSON. */
function parseVersions(text: string): SystemVersionAnswer {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function minorOf(version: unknown): number | undefined {
  const minor = /^1\.(\d{1,4})$/.exec(String(version))?.[1];
  return minor === undefined ? undefined : Number(minor);
}
