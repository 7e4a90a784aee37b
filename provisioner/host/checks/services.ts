import { connect } from "node:net";
import { type Check, type Finding, finding, wrong } from "./finding.ts";

const ANSWER_MS = 2000;

/** The shim, and whoever the agents push to. */
export const checkServices: Check = async ({ config, status: { shim } }) => [
  shim.problem === undefined ? { state: "ok", what: `the shim serves ${shim.mount}` } : wrong(shim),
  ...(await checkReceivers(config.push)),
];

async function checkReceivers(push: readonly string[]): Promise<readonly Finding[]> {
  if (push.length === 0) {
    const what = "no push in host.yaml: machines have no agent, and no history";
    return [{ state: "note", what, hint: "push: remote-write+http://ADDRESS:9465/api/v1/write" }];
  }
  const findings = push.map(async (url) =>
    finding(await answers(url), `${url} answers`, {
      state: "note",
      what: `${url} does not answer: samples wait in the machines' spools`,
      hint: "plimsoll-collector serve, there",
    }),
  );
  return Promise.all(findings);
}

/** Whether anybody listens there. What is said is the agents' business. */
function answers(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url.replace(/^[a-z-]+\+/, ""));
  const number = Number(port) || (protocol === "https:" ? 443 : 80);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: number, timeout: ANSWER_MS });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
