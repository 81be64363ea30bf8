# syntax=docker/dockerfile:1
# One image for every process; the command picks which: node apps/<ingress|worker|simulator>/dist/main.js

FROM node:26-slim AS build
RUN npm install --global pnpm@12.21.0
WORKDIR /app
ENV CI=true
# Packages are fetched by the lockfile alone, so that a change in the sources does not fetch them again.
COPY pnpm-lock.yaml pnpm-workspace.yaml .pnpmfile.cjs ./
RUN pnpm fetch
COPY package.json tsconfig.base.json ./
COPY packages packages
COPY apps apps
RUN pnpm install --frozen-lockfile --offline \
  && node node_modules/@typescript/native/bin/tsc -b apps/ingress apps/worker apps/simulator \
  && cd apps/console && node node_modules/vite/bin/vite.js build
# What only building needs does not go into the image.
RUN find . -name node_modules -prune -exec rm -rf {} + \
  && pnpm install --prod --frozen-lockfile --offline

FROM node:26-slim
# No init in between: the processes handle signals themselves and start no others.
# A young generation as large as in Node.js 20: by itself it takes 96 MB more under load, and is no faster.
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/node_modules node_modules
COPY --from=build --chown=root:root /app/packages packages
COPY --from=build --chown=root:root /app/apps apps
# Nothing is written: the file system may be read-only.
USER node
EXPOSE 3000 3001 3002
STOPSIGNAL SIGTERM
CMD ["node", "apps/ingress/dist/main.js"]
