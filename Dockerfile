# A node of Naru: the server, its pages and its production packages; about 75 MB beside Node.
# Alone: docker build -t naru . && docker run --init -p 127.0.0.1:2567:2567 -v naru:/data \
#   -e AUTH_SECRET=… -e ALLOWED_ORIGINS=http://localhost:2567 naru
# The version of Node is that of package.json's devDependencies, with which everything is tested.
FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./

# The pages and the SDK for browsers.
FROM packages AS pages
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY .ci/prepare.ts .ci/prepare.ts
COPY client-sdk client-sdk
COPY src src
RUN npm run prepare

# What the server needs at run time. Packages that are optional to others are build tools here.
FROM packages AS modules
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production APP_ENV=production HOST=0.0.0.0 PORT=2567 NARU_DATA_DIR=/data
WORKDIR /app
RUN install --directory --owner=node --group=node /data
COPY --from=modules /app/node_modules node_modules
COPY --from=pages /app/client-sdk/dist/browser client-sdk/dist/browser
COPY --from=pages /app/dist dist
COPY package.json ./
COPY actors actors
COPY rooms rooms
COPY src src
USER node
EXPOSE 2567
# Readiness, which is what a load balancer asks too: a node that drains is not healthy, but ends by itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
	CMD ["node", "--eval", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# As `npm start` does, with no shell in between: signals reach node.
CMD ["node", "--max-semi-space-size=64", "src/main.ts"]
