# haulcast, with its embedded store where it is told of no other. Two stages: the second has no compiler, no sources and no root.
FROM debian:12-slim AS build
WORKDIR /src
COPY scripts/common.sh scripts/install-dependencies scripts/
RUN scripts/install-dependencies --run && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY docs/api docs/api
COPY include include
COPY src src
RUN cmake --preset release -DHAULCAST_TESTS=OFF && cmake --build --preset release --target haulcast && strip build/release/haulcast

FROM debian:12-slim
COPY scripts/common.sh scripts/install-dependencies /opt/scripts/
RUN /opt/scripts/install-dependencies --runtime && rm -rf /opt/scripts /var/lib/apt/lists/* \
    && useradd --system --user-group --no-create-home --home-dir /var/lib/haulcast --shell /usr/sbin/nologin haulcast \
    && install --directory --owner=haulcast --group=haulcast --mode=0750 /var/lib/haulcast
COPY --from=build /src/build/release/haulcast /usr/local/bin/haulcast
ENV HAULCAST_SERVER__LISTEN=0.0.0.0:8080 HAULCAST_DATA_DIR=/var/lib/haulcast
USER haulcast
WORKDIR /var/lib/haulcast
VOLUME /var/lib/haulcast
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["haulcast", "health", "--url", "http://127.0.0.1:8080"]
ENTRYPOINT ["haulcast"]
CMD ["serve"]
