import { afterAll, beforeAll, expect, test } from "vitest";
import { Mapping } from "../../../../../provisioner/host/mapping.ts";
import { makeTokenKey } from "../../../../../provisioner/registry/server/token-key.ts";
import { parseTokenKey } from "../../../../../provisioner/registry/tokens/jwt.ts";
import { parseRight, RIGHT_KEYS } from "../../../../../provisioner/registry/tokens/rights.ts";
import { openTokenServer } from "../../../../../provisioner/registry/tokens/token-server.ts";
import {
  hashPassword,
  parseUsers,
  renderUser,
  type Users,
} from "../../../../../provisioner/registry/tokens/users.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { describeIf, hasCommand } from "../../../../support/host.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";
import { recordLog } from "../../../../support/record-log.ts";

describeIf(hasCommand("openssl"))("token server", () => {
  const cleanup = new Cleanup();
  afterAll(() => cleanup.run());
  const log = recordLog();
  let url = "";
  let users: () => Users;

  beforeAll(async () => {
    const { key, certificate } = await makeTokenKey("registry");
    const values = { users: "ada", repositories: "team/**", actions: ["pull", "push"] };
    const known = parseUsers("users", renderUser("ada", await hashPassword("secret", 4)));
    users = () => known;
    const server = await openTokenServer(
      { host: "127.0.0.1", port: 0 },
      {
        service: "registry",
        rights: [parseRight(new Mapping("file", "rights[0]", values, RIGHT_KEYS))],
        limit: async (scopes) => scopes,
        lifeSeconds: 300,
        key: parseTokenKey("folder", key, certificate),
        users: () => users(),
        tls: undefined,
        clock: new ManualClock(1_700_000_000_000),
        log,
      },
    );
    cleanup.add("token server", () => server.close());
    url = `http://127.0.0.1:${server.port}/token`;
  });

  const SCOPE = "scope=repository:team/app:pull,push,delete";
  async function ask(
    query: string,
    user?: string,
    method = "GET",
  ): Promise<{ status: number; answer: Record<string, unknown>; access: unknown }> {
    const headers =
      user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
    const response = await fetch(`${url}?${query}`, { method, headers });
    const answer = (await response.json()) as Record<string, unknown>;
    const [, body = ""] = String(answer.token ?? "").split(".");
    const access = body === "" ? undefined : JSON.parse(Buffer.from(body, "base64url").toString()).access;
    return { status: response.status, answer, access };
  }

  test("what a user may do of what is asked for, and nothing for nobody", async () => {
    const granted = await ask(`service=registry&${SCOPE}&account=ada`, "ada:secret");
    expect(granted).toMatchObject({
      status: 200,
      answer: { expires_in: 300, issued_at: "2023-11-14T22:13:20.000Z", access_token: granted.answer.token },
      access: [{ type: "repository", name: "team/app", actions: ["pull", "push"] }],
    });
    expect(await ask(`service=registry&${SCOPE}`)).toMatchObject({ status: 200, access: [] });
    expect(await ask("service=registry", "ada:secret")).toMatchObject({ status: 200, access: [] });
  });

  test("a wrong password is refused and noted, without it", async () => {
    expect(await ask(`service=registry&${SCOPE}`, "ada:wrong")).toMatchObject({
      status: 401,
      access: undefined,
    });
    expect((await ask("service=registry", "")).status).toBe(401);
    expect(JSON.stringify(log.lines)).toContain("password refused");
    expect(JSON.stringify(log.lines)).not.toContain("wrong");
  });

  test("after five wrong passwords another is not looked at, which says when it is; the metrics are this host's", async () => {
    const wrong = { authorization: `Basic ${Buffer.from("eve:wrong").toString("base64")}` };
    const statuses: number[] = [];
    let last: Response | undefined;
    for (let attempt = 0; attempt < 6; attempt++) {
      last = await fetch(`${url}?service=registry`, { headers: wrong });
      statuses.push(last.status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect(last?.headers.get("retry-after")).toBe("60");
    expect((await ask("service=registry", "ada:secret")).status).toBe(200);
    const metrics = await (await fetch(url.replace("/token", "/metrics"))).text();
    expect(metrics).toContain('plimsoll_registry_tokens_passwords{outcome="unseen"} 1\n');
  });

  test("another service, another method, too much, users that cannot be read", async () => {
    expect((await ask(`service=other&${SCOPE}`, "ada:secret")).status).toBe(400);
    expect((await ask(`service=registry&${SCOPE}`, "ada:secret", "POST")).status).toBe(405);
    expect((await ask(`service=registry&${`${SCOPE}&`.repeat(65)}`)).status).toBe(400);
    expect((await fetch(url.replace("/token", "//"))).status).toBe(400);
    const before = users;
    users = () => {
      throw new Error("users:1: is no user");
    };
    expect((await ask("service=registry", "ada:secret")).status).toBe(503);
    users = before;
  });
});
