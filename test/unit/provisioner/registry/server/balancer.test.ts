import { expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { Mapping } from "../../../../../provisioner/host/mapping.ts";
import {
  BALANCER_KEYS,
  type Balancer,
  parseBalancer,
  renderKeepalived,
} from "../../../../../provisioner/registry/server/balancer.ts";
import { expectGolden } from "../../../../support/golden.ts";

const REPLICAS = [
  { host: "10.0.0.11", port: 5000 },
  { host: "10.0.0.12", port: 5000 },
];
const WHOLE = { address: "10.0.0.100", interface: "eth0", directors: { lb1: { priority: 150 }, lb2: {} } };

function parse(values: object): Balancer {
  return parseBalancer(new Mapping("file", "balancer", values, BALANCER_KEYS), REPLICAS);
}

test("what is not said", () => {
  expect(parse(WHOLE)).toMatchObject({
    virtual: { host: "10.0.0.100", port: 5000 },
    method: "dr",
    scheduler: "wlc",
    directors: [
      { name: "lb1", priority: 150 },
      { name: "lb2", priority: 100 },
    ],
  });
});

test.for([
  [{ address: "host" }, "is not an address"],
  [{ address: "fd00::1" }, "IPVS does not translate"],
  [{ port: 443 }, "the replica at 10.0.0.11 has port 5000: only nat leads to another port"],
  [{ method: "fullnat" }, "must be dr, nat or tunnel"],
  [{ interface: "eth0\n}" }, "is not an interface"],
  [{ scheduler: "best" }, "must be one of rr"],
  [{ directors: {} }, "at least one is needed"],
  [{ directors: { "a b": {} } }, "is not a host's name"],
  [{ routerId: 256 }, "is not a number from 1 to 255"],
] as const)("%j is refused: %s", ([values, message]) => {
  expect(() => parse({ ...WHOLE, ...values })).toThrow(UsageError);
  expect(() => parse({ ...WHOLE, ...values })).toThrow(message);
});

test("keepalived.conf of a director", () => {
  const balancer = parse(WHOLE);
  const [first] = balancer.directors;
  if (first === undefined) throw new Error("no director");
  expectGolden("provisioner/registry/keepalived.conf", renderKeepalived(balancer, first, REPLICAS));
});

test("to another port, where packets are rewritten", () => {
  const balancer = parse({ ...WHOLE, method: "nat", port: 443 });
  const text = renderKeepalived(balancer, { name: "lb1", priority: 1 }, REPLICAS);
  expect(text).toMatch(
    /virtual_server 10\.0\.0\.100 443 [\s\S]*lb_kind NAT[\s\S]*real_server 10\.0\.0\.11 5000/,
  );
});
