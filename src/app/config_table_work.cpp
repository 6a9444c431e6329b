// What can be configured of the work: what is taken, what becomes of it, who is told.
#include <array>

#include "config_table.hpp"

namespace haulcast::app {
namespace {

const auto table = std::to_array<config_key>({
    {.name = "ingest.max_batch",
     .default_value = "1000",
     .min = 1,
     .max = 10'000,
     .help = "Positions in one request at most; more get 413. Larger helps phones that come back from a dead zone; a batch is "
             "applied "
             "in one go, and others wait for it.",
     .at = [](config& c) -> key_target { return &c.ingest.max_batch; }},
    {.name = "ingest.max_body_bytes",
     .default_value = "1 MiB",
     .unit = "bytes",
     .min = kib,
     .max = 64 * mib,
     .help =
         "A request's body at most, as sent and after decompression; larger ones get 413. Each connection may need this much "
         "memory for a moment.",
     .at = [](config& c) -> key_target { return &c.ingest.max_body_bytes; }},
    {.name = "ingest.future_tolerance_s",
     .default_value = "300",
     .unit = "seconds",
     .max = 86'400,
     .help = "How far ahead of the server's clock a position's timestamp may be; beyond it is rejected as timestamp_in_future. "
             "Larger forgives phones with wrong clocks, whose positions then hide the right ones until that time has come.",
     .at = [](config& c) -> key_target { return &c.ingest.future_tolerance; }},
    {.name = "ingest.max_age_days",
     .default_value = "30",
     .unit = "days",
     .min = 1,
     .max = 3650,
     .help = "How old a position may be; beyond it is rejected as timestamp_too_old.",
     .at = [](config& c) -> key_target { return &c.ingest.max_age; }},
    {.name = "ingest.identity_window_s",
     .default_value = "21600",
     .unit = "seconds",
     .min = 60,
     .max = week_s,
     .help =
         "How far behind a truck's newest position one that is sent again is surely told to be a duplicate. Larger takes about "
         "two bytes a position of each truck, bounded by engine.identity_bytes_max.",
     .at = [](config& c) -> key_target { return &c.ingest.identity_window; }},
    {.name = "ingest.register_unknown_trucks",
     .default_value = "true",
     .help = "true: a truck registers itself by its first position. false: positions of trucks that were not registered with "
             "PUT /v1/trucks/{truck_id} (or by themselves, before) are rejected as truck_unknown.",
     .at = [](config& c) -> key_target { return &c.ingest.register_unknown_trucks; }},

    {.name = "limits.max_connections",
     .default_value = "10000",
     .min = 1,
     .max = 1'000'000,
     .help = "Open connections at most, HTTP and WebSocket together; further ones are answered 503 and closed. Each needs a "
             "file descriptor: where `ulimit -n` allows fewer, that is the bound.",
     .at = [](config& c) -> key_target { return &c.limits.max_connections; }},
    {.name = "limits.max_connections_per_address",
     .default_value = "1000",
     .min = 1,
     .max = 1'000'000,
     .help =
         "Of those, from one address at most (IPv6: from one /64); further ones are answered 503 and closed. Drivers of one "
         "mobile network often share an address, so smaller may shut them out. server.trusted_proxies are not counted.",
     .at = [](config& c) -> key_target { return &c.limits.max_connections_per_address; }},
    {.name = "limits.truck_requests_per_s",
     .default_value = "1",
     .unit = "requests per second",
     .max = 1000,
     .help = "Requests with positions that drivers may send for a truck, sustained; beyond it they get 429 with Retry-After. A "
             "batch spends one of each truck in it. Admins are not limited. 0 switches the limit off.",
     .at = [](config& c) -> key_target { return &c.limits.truck_requests_per_s; }},
    {.name = "limits.truck_burst",
     .default_value = "10",
     .unit = "requests",
     .max = 100'000,
     .help = "Requests for a truck that may come at once, for phones back from a dead zone. 0 switches the limit off.",
     .at = [](config& c) -> key_target { return &c.limits.truck_burst; }},
    {.name = "limits.subject_requests_per_s",
     .default_value = "50",
     .unit = "requests per second",
     .max = 100'000,
     .help = "Requests of any kind that one subject (`sub` of its tokens) may send, sustained; beyond it they get 429. Admins "
             "are "
             "not limited, API keys by what they were made with. What goes over an open WebSocket does not count. 0 switches "
             "the limit off.",
     .at = [](config& c) -> key_target { return &c.limits.subject_requests_per_s; }},
    {.name = "limits.subject_burst",
     .default_value = "500",
     .unit = "requests",
     .max = 1'000'000,
     .help = "Requests of a subject that may come at once. 0 switches the limit off.",
     .at = [](config& c) -> key_target { return &c.limits.subject_burst; }},
    {.name = "limits.failed_logins_per_minute",
     .default_value = "60",
     .unit = "requests per minute",
     .max = 1'000'000,
     .help = "Tokens that are not valid that one address (of IPv6 a /64) may send, as many of them at once; beyond it further "
             "ones are not even verified and get 429. Tokens that have been good before go on working from there. 0 switches "
             "the limit off.",
     .at = [](config& c) -> key_target { return &c.limits.failed_logins_per_minute; }},

    {.name = "engine.offline_after_s",
     .default_value = "600",
     .unit = "seconds",
     .min = 1,
     .max = week_s,
     .help = "A truck that is silent this long is offline. Smaller tells sooner and cries wolf in tunnels.",
     .at = [](config& c) -> key_target { return &c.engine.offline_after; }},
    {.name = "engine.max_trucks",
     .default_value = "1000000",
     .min = 1,
     .max = 10'000'000,
     .help = "Trucks that may be known, removed ones included; further ones are refused as too_many_trucks. A silent truck "
             "needs up to "
             "2 KiB "
             "of memory, an active one up to 64 KiB.",
     .at = [](config& c) -> key_target { return &c.engine.max_trucks; }},
    {.name = "engine.max_geofences",
     .default_value = "200000",
     .min = 1,
     .max = 2'000'000,
     .help = "Geofences that there may be; further ones are refused as too_many_geofences. One needs about 1 KiB of memory, "
             "and some 100 bytes for each vertex.",
     .at = [](config& c) -> key_target { return &c.engine.max_geofences; }},
    {.name = "engine.stop_speed_kmh",
     .default_value = "5",
     .unit = "km/h",
     .min = 0.1,
     .max = 50,
     .help =
         "A truck slower than this for engine.stop_after_s is stopped. Where an app sends no speed, the speed over the ground "
         "counts. Larger calls traffic jams stops.",
     .at = [](config& c) -> key_target { return &c.engine.stop_speed_kmh; }},
    {.name = "engine.stop_after_s",
     .default_value = "120",
     .unit = "seconds",
     .min = 1,
     .max = 86'400,
     .help = "How long a truck must be slow to be stopped. Smaller calls traffic lights stops.",
     .at = [](config& c) -> key_target { return &c.engine.stop_after; }},
    {.name = "engine.window_budget_bytes",
     .default_value = "4 GiB",
     .unit = "bytes",
     .min = mib,
     .max = 1024 * gib,
     .help = "Memory that the windows of all trucks may take together. Beyond it those of silent trucks are cut to 1 KiB, then "
             "those of all to a half, a quarter … of engine.identity_bytes_max. The metric haulcast_truck_window_bytes shows "
             "what is taken.",
     .at = [](config& c) -> key_target { return &c.engine.window_budget_bytes; }},
    {.name = "engine.identity_bytes_max",
     .default_value = "60 KiB",
     .unit = "bytes",
     .min = kib,
     .max = mib,
     .help =
         "Memory that one truck's window of recent positions may take, at about 6 bytes a position: 60 KiB are 14 hours at one "
         "each 5 seconds and 2.8 at one a second. When it is full, the oldest part goes, and a position of that time sent "
         "again may count as new.",
     .at = [](config& c) -> key_target { return &c.engine.identity_bytes_max; }},
    {.name = "engine.refold_window_s",
     .default_value = "21600",
     .unit = "seconds",
     .max = week_s,
     .help = "How far back late positions correct events.",
     .at = [](config& c) -> key_target { return &c.engine.refold_window; },
     .later = true},
    {.name = "engine.max_segment_s",
     .default_value = "120",
     .unit = "seconds",
     .min = 1,
     .max = 86'400,
     .help =
         "The longest gap between two positions in which a truck is taken to have gone straight: in it the moment at which a "
         "geofence's boundary was crossed is interpolated, and geofences on the way are entered and left. Larger tells of "
         "more crossings that nobody saw.",
     .at = [](config& c) -> key_target { return &c.engine.max_segment; }},
    {.name = "engine.default_speed_limit_kmh",
     .default_value = "none",
     .unit = "km/h",
     .min = 1,
     .max = 400,
     .help = "The speed limit where no geofence gives one: a truck that says it drives faster raises speed.violated, and "
             "speed.normalised when it does no more. none: such a truck raises nothing.",
     .at = [](config& c) -> key_target { return &c.engine.default_speed_limit_kmh; }},

    {.name = "filters.enabled",
     .default_value = "true",
     .help = "false lets every position that is well-formed move the truck, jumps across the map too.",
     .at = [](config& c) -> key_target { return &c.filters.enabled; }},
    {.name = "filters.max_speed_kmh",
     .default_value = "300",
     .unit = "km/h",
     .min = 10,
     .max = 2000,
     .help =
         "A position that would need a higher speed from its neighbours in time is suspect. Smaller catches smaller jumps, and "
         "at last trucks on a ferry or a train.",
     .at = [](config& c) -> key_target { return &c.filters.max_speed_kmh; }},
    {.name = "filters.max_accuracy_m",
     .default_value = "1000",
     .unit = "metres",
     .min = 1,
     .max = 1'000'000,
     .help = "A position whose accuracy_m is worse than this is suspect.",
     .at = [](config& c) -> key_target { return &c.filters.max_accuracy_m; }},

    {.name = "hub.max_pending_bytes",
     .default_value = "64 KiB",
     .unit = "bytes",
     .min = 4 * kib,
     .max = 64 * mib,
     .help =
         "What may wait for one subscriber before its positions are conflated to the newest of each truck. Larger shows slow "
         "clients more of the way and takes that much memory for each of them.",
     .at = [](config& c) -> key_target { return &c.hub.max_pending_bytes; }},
    {.name = "hub.max_pending_events",
     .default_value = "1000",
     .min = 1,
     .max = 1'000'000,
     .help = "Events that may wait for one subscriber. Beyond it the connection is closed with 1013, and the client resumes "
             "from the "
             "last event it has.",
     .at = [](config& c) -> key_target { return &c.hub.max_pending_events; }},
    {.name = "hub.max_connections",
     .default_value = "10000",
     .min = 1,
     .max = 1'000'000,
     .help = "Subscribers at most; further ones get 503.",
     .at = [](config& c) -> key_target { return &c.hub.max_connections; }},
    {.name = "hub.ping_interval_s",
     .default_value = "15",
     .unit = "seconds",
     .min = 1,
     .max = 300,
     .help =
         "How often a silent subscriber is asked whether it is there. One that has not answered by the next time is gone, so "
         "with 15 dead peers are found within 30 s. Larger saves phones' batteries. Proxies often cut connections that are "
         "silent for 60 s.",
     .at = [](config& c) -> key_target { return &c.hub.ping_interval; }},

    {.name = "log.level",
     .default_value = "info",
     .help = "The least important lines to write: debug tells of single requests and slows a busy server down.",
     .at = [](config& c) -> key_target { return &c.log.level; },
     .choices = "trace debug info warn error off"},
    {.name = "log.format",
     .default_value = "console",
     .help = "console for people, json for machines: one object a line.",
     .at = [](config& c) -> key_target { return &c.log.format; },
     .choices = "console json"},
});

}  // namespace

std::span<const config_key> keys_of_the_work() { return table; }

}  // namespace haulcast::app
