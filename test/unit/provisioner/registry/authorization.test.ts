import { expect, test } from "vitest";
import { Authorization, type FetchToken } from "../../../../provisioner/registry/authorization.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const CHALLENGE = 'Bearer realm="https://auth/token",service="reg",scope="repository:a:pull"';
const credentials = { username: "u", password: "p" };
const SCOPE = "repository:a:pull";

function open(
  fetchToken: FetchToken,
  { url = "https://registry", signedIn = true } = {},
): { authorization: Authorization; clock: ManualClock } {
  const clock = new ManualClock();
  return {
    clock,
    authorization: new Authorization(new URL(url), signedIn ? credentials : undefined, fetchToken, clock),
  };
}

test("a token is fetched once for all who were refused together, kept until its end, and then known no more", async () => {
  const asked: string[] = [];
  const { authorization, clock } = open(async (url, headers) => {
    asked.push(`${url} ${headers.authorization}`);
    return { token: `t${asked.length}`, expires_in: 100 };
  });

  expect(await authorization.known(SCOPE)).toBeUndefined();
  const answers = [1, 2, 3].map(() => authorization.answer(SCOPE, undefined, CHALLENGE));
  expect(await Promise.all(answers)).toEqual(["Bearer t1", "Bearer t1", "Bearer t1"]);
  expect(asked).toEqual(["https://auth/token?service=reg&scope=repository%3Aa%3Apull&account=u Basic dTpw"]);
  expect(await authorization.known(SCOPE)).toBe("Bearer t1");
  await clock.advance(96_000);
  expect(await authorization.known(SCOPE)).toBeUndefined();
});

test("a token that was refused is replaced by a new one, once for all", async () => {
  let made = 0;
  const { authorization } = open(async () => ({ access_token: `t${++made}` }));
  await authorization.answer(SCOPE, undefined, CHALLENGE);

  const answers = [1, 2].map(() => authorization.answer(SCOPE, "Bearer t1", CHALLENGE));
  expect(await Promise.all(answers)).toEqual(["Bearer t2", "Bearer t2"]);
});

test("a failure is not kept", async () => {
  let fails = true;
  const { authorization } = open(async () => {
    if (fails) throw new Error("down");
    return { token: "t" };
  });
  await expect(authorization.answer(SCOPE, undefined, CHALLENGE)).rejects.toThrow("down");
  fails = false;
  expect(await authorization.answer(SCOPE, undefined, CHALLENGE)).toBe("Bearer t");
});

test("a user and a password, where they are asked for", async () => {
  const never: FetchToken = () => Promise.reject(new Error("not asked"));
  expect(await open(never).authorization.answer(SCOPE, undefined, "Basic")).toBe("Basic dTpw");
  await expect(
    open(never, { signedIn: false }).authorization.answer(SCOPE, undefined, "Basic"),
  ).rejects.toThrow("asks for a user");
});

test.for([
  [undefined, "asks for an authorization that is not known here"],
  ["Negotiate", "asks for an authorization that is not known here"],
  ['Bearer realm="/token"', 'names "/token" as its token server'],
  ['Bearer realm="http://auth/token"', "wants the password sent to http://auth without TLS"],
] as const)("the challenge %s is not answered", async ([challenge, why]) => {
  const { authorization } = open(async () => ({ token: "t" }));
  await expect(authorization.answer(SCOPE, undefined, challenge)).rejects.toThrow(why);
});

test.for([{}, { token: "" }, { token: 5 }])("%j is no token", async (answer) => {
  const { authorization } = open(async () => answer);
  await expect(authorization.answer(SCOPE, undefined, CHALLENGE)).rejects.toThrow(
    "got no token from https://auth",
  );
});
