# Images of the programs that run in, beside and below containers; one target each:
#   docker build --target agent -t plimsoll-agent .
ARG NODE=20

FROM node:${NODE}-bookworm-slim AS build
WORKDIR /opt/plimsoll
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY agent agent
COPY bin bin
COPY collector collector
COPY core core
COPY lxcfs-shim lxcfs-shim
COPY provisioner provisioner
RUN npm run build && npm prune --omit=dev

FROM node:${NODE}-bookworm-slim AS base
ENV NODE_ENV=production
WORKDIR /opt/plimsoll
COPY --from=build /opt/plimsoll/package.json ./
COPY --from=build /opt/plimsoll/bin bin
COPY --from=build /opt/plimsoll/dist dist

# The agent loads no package.
FROM base AS agent
ENTRYPOINT ["/opt/plimsoll/bin/plimsoll-agent"]
CMD ["run"]

FROM base AS collector
COPY --from=build /opt/plimsoll/node_modules node_modules
EXPOSE 9465
USER node
ENTRYPOINT ["/opt/plimsoll/bin/plimsoll-collector"]
CMD ["serve", "--listen", "0.0.0.0:9465"]

# Runs with --privileged --pid=host, the host's /sys/fs/cgroup, and a shared bind mount at the mount point.
FROM base AS shim
COPY --from=build /opt/plimsoll/node_modules node_modules
ENTRYPOINT ["/opt/plimsoll/bin/plimsoll-shim"]
CMD ["serve", "--mount", "/var/lib/plimsoll/shim"]
