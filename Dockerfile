# syntax=docker/dockerfile:1

# Cross-compiles on the builder's own platform: for several, `docker buildx build --platform linux/amd64,linux/arm64 .`
FROM --platform=$BUILDPLATFORM golang:1.26.8-trixie AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
# What `atlant version` says, all of it optional: v1.2.3, the hash of the commit, and when that was (RFC 3339).
ARG VERSION=
ARG COMMIT=
ARG DATE=
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -o /out/atlant \
        -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" ./services/atlant && \
    mkdir /out/spool

# Certificates, time zones and an unprivileged user; no shell. Distroless has no numbered tags.
FROM gcr.io/distroless/static-debian13:nonroot
LABEL org.opencontainers.image.title=Atlant \
    org.opencontainers.image.source=https://github.com/atlant-log/atlant \
    org.opencontainers.image.licenses=Apache-2.0
COPY --from=build /out/atlant /atlant
# Where `atlant work --data /spool` keeps lists until they are published; a volume takes over who owns it.
COPY --from=build --chown=65532:65532 /out/spool /spool
USER 65532:65532
VOLUME /spool
EXPOSE 8080
# No HEALTHCHECK: `serve` and `work` would need different ones. compose.yaml has that of `serve`; a platform that probes over
# HTTP asks both for /healthz and /readyz.
ENTRYPOINT ["/atlant"]
