import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../agent/push-settings.ts";
import { openRemoteWrite } from "../../agent/sinks/remote-write.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { gauge, pushBody } from "../support/push.ts";
import { type MetricsServer, makePrometheus, makeVictoriaMetrics } from "../support/receivers.ts";
import { waitFor } from "../support/wait-for.ts";

/** What the agent makes of the answer: done; refused for its samples; an error for its samples, to be tried again. */
type Fate = "delivered" | "refused" | "error";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const NOW_MS = Date.now();

const at = (name: string, agoMs: number, value = 1): Uint8Array =>
  pushBody(gauge(name, { instance: "10.0.0.7" }, value, NOW_MS - agoMs));

/** What every receiver has before each row: the series of that name, now. */
const ROWS: readonly (readonly [what: string, name: string, body: Uint8Array])[] = [
  ["the same once more", "again", at("again", 0)],
  ["another value at the same time", "other", at("other", 0, 2)],
  ["10 seconds older", "older", at("older", 10 * SECOND_MS)],
  ["5 minutes older", "minutes", at("minutes", 300 * SECOND_MS)],
  ["2 hours older", "hours", at("hours", 2 * HOUR_MS)],
  ["a label that stands twice", "twice", pushBody(gauge("twice", { __name__: "twice" }, 1, NOW_MS + 1))],
  [
    "one out of order, and a good one of another series",
    "both",
    pushBody(
      gauge("both", { instance: "10.0.0.7" }, 1, NOW_MS - 10 * SECOND_MS),
      gauge("good", { instance: "10.0.0.7" }, 1, NOW_MS),
    ),
  ],
  ["what is not snappy", "raw", Buffer.from("not snappy at all")],
];

interface Column {
  readonly name: string;
  readonly command: string;
  make(cleanup: Cleanup): Promise<MetricsServer>;
  /** Of each row. */
  readonly fates: readonly Fate[];
  /** Whether the good series of the mixed row is stored at once. */
  readonly storesGood: boolean;
  /** Of a sample of now, after one from the future. */
  readonly now: Fate;
}

const COLUMNS: readonly Column[] = [
  {
    name: "Prometheus",
    command: "prometheus",
    make: (cleanup) => makePrometheus(cleanup),
    fates: ["delivered", "refused", "refused", "refused", "refused", "error", "refused", "refused"],
    storesGood: false,
    now: "refused",
  },
  {
    name: "Prometheus with a window for samples out of order",
    command: "prometheus",
    make: (cleanup) => makePrometheus(cleanup, "10m"),
    fates: ["delivered", "refused", "delivered", "delivered", "error", "error", "delivered", "refused"],
    storesGood: true,
    now: "error",
  },
  {
    name: "VictoriaMetrics",
    command: "victoria-metrics",
    make: (cleanup) => makeVictoriaMetrics(cleanup),
    fates: [...ROWS.slice(0, -1).map((): Fate => "delivered"), "refused"],
    storesGood: true,
    now: "delivered",
  },
];

describe.each(COLUMNS)("$name", ({ command, make, fates, storesGood, now }) => {
  describeIf(hasCommand(command))("answers", () => {
    const cleanup = new Cleanup();
    let server: MetricsServer;
    let deliver: (body: Uint8Array) => Promise<Fate>;
    beforeAll(async () => {
      server = await make(cleanup);
      await server.start();
      const sink = openRemoteWrite(new URL(`${server.url}/api/v1/write`), DEFAULT_SETTINGS, 10_000);
      deliver = async (body) => {
        const delivery = await sink.deliver(body, AbortSignal.timeout(30_000));
        if (delivery.outcome === "delivered") return "delivered";
        expect(delivery.blame).toBe("samples");
        return delivery.outcome === "refused" ? "refused" : "error";
      };
    }, 90_000);
    afterAll(() => cleanup.run());

    test.each(ROWS.map(([what, name, body], i) => [what, fates[i], name, body] as const))(
      "%s: %s",
      async (_, fate, name, body) => {
        expect(await deliver(at(name, 0))).toBe("delivered");
        expect(await deliver(body)).toBe(fate);
      },
    );

    test("what was refused leaves what was there", async () => {
      expect(await deliver(at("kept", 0))).toBe("delivered");
      await deliver(at("kept", 0, 2));

      // VictoriaMetrics shows what it has taken within a second.
      const [kept] = await waitFor("what was there", async () => {
        const points = await server.points("kept");
        return points.length > 0 && points;
      });
      expect(kept).toEqual([NOW_MS, 1]);
      expect((await server.points("good")).length > 0).toBe(storesGood);
    });

    // The last one: with it the server has seen a later time.
    test("a sample from the future is taken, and holds up those of now where order counts", async () => {
      expect(await deliver(at("clock", -HOUR_MS))).toBe("delivered");
      expect(await deliver(at("clock", 0))).toBe(now);
    });
  });
});
