// The parts of the benchmark; each adds its rows.
#pragma once

#include "parts/rows.hpp"
#include "parts/stage.hpp"

namespace haulcast::bench {

/// CPU per position against servers that only parse, and heap allocations.
void measure_ingest(const stage& on, report& out);
/// CPU per position against another binary of haulcast, when there is one.
void measure_before(const stage& on, report& out);
/// How soon an answer comes at 30 % of the maximum, against the disk alone.
void measure_acknowledgement(const stage& on, report& out);
/// CPU per delivered position against websocket::stream and mosquitto.
void measure_fanout(const stage& on, report& out);
/// How soon a position reaches its subscribers, at fixed rates.
void measure_delivery(const stage& on, report& out);
/// Memory of subscribers to whom nothing happens.
void measure_idle(const stage& on, report& out);
/// What viewports elsewhere cost every position.
void measure_viewports(const stage& on, report& out);
/// From start to ready.
void measure_recovery(const stage& on, report& out);
/// How long a snapshot pass holds the loop.
void measure_snapshot(const stage& on, report& out);
/// Memory of a truck, and what a large fleet costs every position.
void measure_fleet(const stage& on, report& out);
/// What geofences cost every position beside other indexes, what a change costs, and memory. Without a server.
void measure_geofences(const stage& on, report& out);
/// What they cost whoever posts positions, and their memory in a server.
void measure_fenced_ingest(const stage& on, report& out);

/// What writing behind costs in PostgreSQL, beside a bare COPY of the same rows. Without a server of ours.
void measure_store(const stage& on, report& out);
/// What a PostgreSQL that is down costs whoever posts positions, and how soon it has caught up.
void measure_store_down(const stage& on, report& out);
/// Memory, lag, CPU and bytes on disk of either store when 20,000 positions a second last.
void measure_store_sustained(const stage& on, report& out);
/// What dropping old days costs whoever posts positions, in a store of 10 million.
void measure_store_retention(const stage& on, report& out);
/// What is read for an answer from a store of 10 million positions. Without a server of ours.
void measure_store_plans(const stage& on, report& out);

}  // namespace haulcast::bench
