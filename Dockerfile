FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ libssl-dev make pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin connectd \
    && cp target/release/connectd /usr/local/bin/connectd

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/connectd --create-home connectd
COPY --from=build /usr/local/bin/connectd /usr/local/bin/connectd
USER connectd
WORKDIR /var/lib/connectd
EXPOSE 8083
# Settings come from the environment, as with the usual Connect images: BOOTSTRAP_SERVERS, GROUP_ID,
# CONFIG_STORAGE_TOPIC, OFFSET_STORAGE_TOPIC, STATUS_STORAGE_TOPIC, CONNECT_ANY_OTHER_SETTING, …
ENTRYPOINT ["connectd"]
CMD ["distributed"]
