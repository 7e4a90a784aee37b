import { expect, test } from "vitest";
import { serve } from "../../../collector/serve.ts";

test("listens until it is told to stop", async () => {
  const stop = new AbortController();
  const served = serve({ listen: ["127.0.0.1:0"], logLevel: "error" }, stop.signal);
  stop.abort("SIGTERM");
  await expect(served).resolves.toBeUndefined();
});

test("wrong options are an error before anything is opened", async () => {
  await expect(serve({ listen: ["nowhere"] }, new AbortController().signal)).rejects.toThrow("--listen");
});
