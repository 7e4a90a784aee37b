import { connect, type NetConnectOpts } from "node:net";
import type { Finding } from "../../../core/runtime/finding.ts";
import { type Check, finding, wrong } from "./finding.ts";

const ANSWER_MS = 2000;

/** The shim, the daemon, and whoever is told what machines do. */
export const checkServices: Check = async ({ config, status: { shim } }) => [
  shim.problem === undefined ? { state: "ok", what: `the shim serves ${shim.mount}` } : wrong(shim),
  finding(await answers({ path: config.socket }), "plimsoll serve keeps the machines as they should be", {
    state: "note",
    what: "plimsoll serve does not run: what breaks is mended by plimsoll ct repair only",
    hint: "systemctl enable --now plimsoll",
  }),
  ...(await checkCollector(config.collector?.url)),
  ...(await checkReceivers(config.push)),
];

async function checkCollector(url: string | undefined): Promise<readonly Finding[]> {
  if (url === undefined) return [];
  return [
    finding(await answers(placeOf(url)), `${url} answers`, {
      state: "note",
      what: `${url} does not answer: planned changes raise alarms`,
      hint: "plimsoll-collector serve, there",
    }),
  ];
}

async function checkReceivers(push: readonly string[]): Promise<readonly Finding[]> {
  if (push.length === 0) {
    const what = "no push in host.yaml: machines have no agent, and no history";
    return [{ state: "note", what, hint: "push: remote-write+http://ADDRESS:9465/api/v1/write" }];
  }
  const findings = push.map(async (url) =>
    finding(await answers(placeOf(url)), `${url} answers`, {
      state: "note",
      what: `${url} does not answer: samples wait in the machines' spools`,
      hint: "plimsoll-collector serve, there",
    }),
  );
  return Promise.all(findings);
}

function placeOf(url: string): NetConnectOpts {
  const { hostname, port, protocol } = new URL(url.replace(/^[a-z-]+\+/, ""));
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (protocol === "https:" ? 443 : 80) };
}

/** Whether anybody listens there. What is said is others' business. */
function answers(place: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...place, timeout: ANSWER_MS });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
