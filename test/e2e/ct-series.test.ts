import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, GATEWAY, IMAGE } from "../support/ct-lab.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const SMALL = ["--image", IMAGE, "--net", "front", "--fs", "ext4", "--disk", "32M", "--memory", "96M"];
const PROMETHEUS = `${GATEWAY}:9090`;

interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds, and the value then. */
  readonly values: readonly (readonly [number, string])[];
}

describeIf(...CT_LAB, hasCommand("prometheus"))("a machine's series in a real Prometheus", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
    await startPrometheus();
  });
  afterAll(() => cleanup.run());

  /** In the lab's network, where it takes from the collector what every agent has pushed. */
  async function startPrometheus(): Promise<void> {
    const folder = join(lab.folder, "prometheus");
    mkdirSync(folder);
    const from = { job_name: "plimsoll", metrics_path: "/federate", honor_labels: true };
    const config = {
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: [
        {
          ...from,
          params: { "match[]": ['{__name__=~"node_.*"}'] },
          static_configs: [{ targets: [`${GATEWAY}:9465`] }],
        },
      ],
    };
    writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
    const options = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
    const argv = ["prometheus", ...options, `--web.listen-address=${PROMETHEUS}`];
    startProgram(cleanup, lab.inNamespace(...argv));
    const isReady = (): Promise<boolean> =>
      lab.fetch(`http://${PROMETHEUS}/-/ready`).then(
        (text) => text.includes("Ready"),
        () => false,
      );
    await waitFor("Prometheus", isReady, 60_000);
  }

  /** All that it has of a series, in one answer. */
  async function rangeOf(selector: string): Promise<readonly RangeSeries[]> {
    const query = encodeURIComponent(`${selector}[10m]`);
    const { data } = JSON.parse(await lab.fetch(`http://${PROMETHEUS}/api/v1/query?query=${query}`));
    return data.result;
  }

  test("goes on as the same series when its system is rebuilt", async () => {
    const [web] = await lab.json("create", "web", ...SMALL);
    const memory = `node_memory_MemTotal_bytes{ip="${web?.ip}"}`;
    const timesOf = async (selector: string): Promise<readonly number[]> => {
      const [series, ...others] = await rangeOf(selector);
      expect(others).toEqual([]);
      return series?.values.map(([seconds]) => seconds) ?? [];
    };
    const before = await waitFor("samples", async () => {
      const times = await timesOf(memory);
      return times.length >= 2 ? times : undefined;
    });
    const [first] = await rangeOf(memory);

    const rebuilt = await lab.ct("rebuild", "web", "--image", IMAGE);
    expect(rebuilt).toMatchObject({ code: 0, stderr: "" });
    expect(await lab.json("show", "web")).toMatchObject({ generation: 2, ip: web?.ip });
    const atSeconds = Date.now() / 1000;
    const after = await waitFor("samples of the next generation", async () => {
      const times = (await timesOf(memory)).filter((seconds) => seconds > atSeconds);
      return times.length >= 2 ? times : undefined;
    });

    const [now, ...others] = await rangeOf(memory);
    expect(others).toEqual([]);
    expect(now?.metric).toEqual(first?.metric);
    expect(now?.values.map(([seconds]) => seconds)).toEqual(expect.arrayContaining([...before, ...after]));
    expect(new Set(now?.values.map(([, value]) => value))).toEqual(new Set([String(96 * 2 ** 20)]));
  });
});
