import { expect, test } from "vitest";
import { EngineApi } from "../../../../core/runtime/engine-api.ts";

const asked = (versions: unknown): Promise<string> =>
  new EngineApi().prefix(async () => JSON.stringify(versions));

test.each([
  ["Docker 20.10", { ApiVersion: "1.41", MinAPIVersion: "1.12" }, "/v1.41"],
  ["Docker 24", { ApiVersion: "1.43", MinAPIVersion: "1.12" }, "/v1.43"],
  ["Docker 28", { ApiVersion: "1.51", MinAPIVersion: "1.24" }, "/v1.44"],
  ["Docker 29", { ApiVersion: "1.52", MinAPIVersion: "1.44" }, "/v1.44"],
  ["one that has none of ours any more", { ApiVersion: "1.70", MinAPIVersion: "1.60" }, "/v1.60"],
  ["podman", { ApiVersion: "1.41", MinAPIVersion: "1.24" }, "/v1.41"],
  ["older than what we use: it says so itself", { ApiVersion: "1.40", MinAPIVersion: "1.12" }, "/v1.40"],
  ["what says nothing of it", { message: "page not found" }, "/v1.41"],
  ["what is no version", { ApiVersion: "1.41/../x", MinAPIVersion: 1 }, "/v1.41"],
  ["null", null, "/v1.41"],
])("%s", async (_, versions, prefix) => {
  expect(await asked(versions)).toBe(prefix);
});

test("what answers in an engine's place, and not in JSON, is asked by the oldest", async () => {
  expect(await new EngineApi().prefix(async () => "<html>Sign in</html>")).toBe("/v1.41");
});

test("it is asked once, until it answers and after it was forgotten", async () => {
  const answers = [() => Promise.reject(new Error("away")), async () => '{"ApiVersion":"1.43"}'];
  const api = new EngineApi();
  const prefix = () => api.prefix(() => (answers.shift() ?? (async () => '{"ApiVersion":"1.44"}'))());

  await expect(prefix()).rejects.toThrow("away");
  expect(await prefix()).toBe("/v1.43");
  expect(await prefix()).toBe("/v1.43");
  api.forget();
  expect(await prefix()).toBe("/v1.44");
});
