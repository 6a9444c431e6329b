// The one table of what can be configured.
#include "haulcast/app/config_keys.hpp"

#include <array>

#include "haulcast/app/listen.hpp"
#include "haulcast/http/networks.hpp"
#include "haulcast/http/origins.hpp"

namespace haulcast::app {
namespace {

constexpr double kib = 1024;
constexpr double mib = 1024 * kib;
constexpr double gib = 1024 * mib;
constexpr double tib = 1024 * gib;
constexpr double week_s = 7 * 86'400;

std::optional<std::string> check_listen(std::string_view text) {
  const auto where = parse_listen(text);
  return where ? std::nullopt : std::optional{where.error().what};
}

std::optional<std::string> check_network(std::string_view text) {
  if (http::network::parse(text)) return std::nullopt;
  return "must be an address or a network without bits beyond its prefix, such as 10.0.0.0/8, 192.0.2.7 or fd00::/8";
}

std::optional<std::string> check_origin(std::string_view text) {
  if (text == "*" || http::is_origin(text)) return std::nullopt;
  return "must be an origin as browsers write it, such as https://app.example.com: in small letters, without a path, a slash "
         "at "
         "the end or the port that the scheme has anyway; or * for all";
}

constexpr std::array sections{
    config_section{"server", "Where apps reach the server."},
    config_section{
        "server.tls",
        "With both files set, HTTP and WebSocket speak TLS (1.2 and 1.3) on server.listen, and nothing else. Without "
        "them they speak in clear."},
    config_section{
        "auth",
        "Who is believed. Every request but health checks and metrics carries a token, which is a JWT (HS256, RS256 or ES256), "
        "or "
        "an API key. All of this but query_token is read again on SIGHUP, together with the files it names; a mistake leaves "
        "what was in force."},
    config_section{"journal", "The durable log under data_dir. A position is acknowledged once it is in the journal."},
    config_section{"store", "History, written behind the journal."},
    config_section{"redis", "Live state for other programs, written behind the journal."},
    config_section{"ingest", "What is taken from drivers' apps."},
    config_section{"limits", "What one server takes on."},
    config_section{
        "engine",
        "How positions become status and events. A change holds from the next start on; what was decided before stands."},
    config_section{"filters", "Positions that no truck could have driven to are kept and marked `suspect`, and move nothing."},
    config_section{"hub", "Subscribers: apps and pages that follow trucks over WebSocket."},
    config_section{"log", "What is written to stderr. Never tokens, and no exact positions at info."},
};

const auto table = std::to_array<config_key>({
    {.name = "data_dir",
     .default_value = "./haulcast-data",
     .help = "Where everything durable lives: the journal, the embedded store, the generated secret. One server at a time uses "
             "it, and "
             "it locks it. A path that does not begin with / counts from where haulcast is started.",
     .at = [](config& c) -> key_target { return &c.data_dir; }},

    {.name = "server.listen",
     .default_value = "127.0.0.1:8080",
     .help = "The address and port for HTTP and WebSocket. 127.0.0.1 is reached from this machine alone; 0.0.0.0 or [::] from "
             "every "
             "network it is in, which needs auth.hs256_secret or auth.keys. Port 0 takes a free port; the line printed at "
             "start names it. "
             "Beyond this machine it wants server.tls, or a proxy in front of it that speaks TLS.",
     .at = [](config& c) -> key_target { return &c.server.listen; },
     .check = check_listen},
    {.name = "server.trusted_proxies",
     .default_value = "127.0.0.0/8 ::1/128",
     .help =
         "Addresses and networks of the proxies in front of the server, whose X-Forwarded-For is believed: the client is the "
         "rightmost address there that is no such proxy. Others could write anything into it, so a network that clients are "
         "in does not belong here. `none` takes the address of whoever connects. A YAML list, or words with blanks between "
         "them.",
     .at = [](config& c) -> key_target { return &c.server.trusted_proxies; },
     .check = check_network},
    {.name = "server.cors_origins",
     .default_value = "none",
     .help = "Origins of web pages, such as https://app.example.com, that may read answers and open WebSockets from a browser; "
             "pages from the server's own address may anyway, and apps need nothing here. `*` lets every page do so that has a "
             "token. Cookies are never taken. A YAML list, or words with blanks between them.",
     .at = [](config& c) -> key_target { return &c.server.cors_origins; },
     .check = check_origin},
    {.name = "server.tls.certificate",
     .default_value = "none",
     .help = "The server's certificate: a PEM file with its own first, then those that lead to an authority which clients know "
             "(certbot's fullchain.pem). It is read at start and again on SIGHUP. One that has expired is served all the same, "
             "with a warning in "
             "the log.",
     .at = [](config& c) -> key_target { return &c.server.tls.certificate; }},
    {.name = "server.tls.key",
     .default_value = "none",
     .help = "Its private key: a PEM file without a passphrase (certbot's privkey.pem) that nobody else may read, chmod 600 or "
             "640.",
     .at = [](config& c) -> key_target { return &c.server.tls.key; }},

    {.name = "auth.hs256_secret",
     .default_value = "generated",
     .help = "The secret that signs tokens, at least 32 bytes: `openssl rand -base64 48` makes a good one. Who knows it can "
             "make himself an admin, so rather than writing it here name a file in HAULCAST_AUTH__HS256_SECRET_FILE. "
             "`generated` makes one in data_dir/secret. The server refuses to listen beyond loopback with a shorter one, and "
             "with that one unless auth.keys are set: then it is not believed there, and HS256 is off. A new secret ends every "
             "token that the old one signed, unless that is auth.hs256_previous_secret; connections that are open stay until "
             "their token ends, so after a leak restart.",
     .at = [](config& c) -> key_target { return &c.auth.hs256_secret; },
     .secret = true},
    {.name = "auth.hs256_previous_secret",
     .default_value = "none",
     .help =
         "The secret of before, whose tokens still hold; new ones are signed with auth.hs256_secret. To change a secret, put "
         "the old one here, wait for its longest token, and remove it.",
     .at = [](config& c) -> key_target { return &c.auth.hs256_previous_secret; },
     .secret = true},
    {.name = "auth.keys",
     .default_value = "none",
     .help = "Public keys of whoever else issues tokens, as files: {file: /etc/haulcast/idp.pem, alg: RS256, kid: 2026-a} is "
             "one key in PEM, {jwks: /etc/haulcast/jwks.json} a key set. A list, one item a line behind a dash, or [{...}, "
             "{...}]. alg is RS256 or ES256 and belongs to the key: a token is checked with keys of its algorithm and its kid, "
             "and with those without kid; in a key set each key says its alg, or alg stands beside jwks and goes for all. RSA "
             "keys have at least 2048 bits, EC keys are on P-256; keys of a set that are for other algorithms are left out. "
             "Set auth.audience too, or tokens that the issuer made for other applications are believed. To change a key, add "
             "the new one, wait for the old one's longest token, and remove that.",
     .at = [](config& c) -> key_target { return &c.auth.keys; }},
    {.name = "auth.issuer",
     .default_value = "none",
     .help = "If set, tokens must have exactly this `iss`, and `haulcast token` writes it.",
     .at = [](config& c) -> key_target { return &c.auth.issuer; }},
    {.name = "auth.audience",
     .default_value = "none",
     .help = "If set, tokens must have this `aud`, or have it in their list, and `haulcast token` writes it.",
     .at = [](config& c) -> key_target { return &c.auth.audience; }},
    {.name = "auth.leeway_s",
     .default_value = "30",
     .unit = "seconds",
     .max = 300,
     .help = "How far clocks may differ: a token holds so much longer than its `exp`, and from so much before its `nbf`.",
     .at = [](config& c) -> key_target { return &c.auth.leeway; }},
    {.name = "auth.revoked",
     .default_value = "none",
     .help = "A file of subjects who are no longer believed, one a line (an API key is key:NAME), # for "
             "comments. After SIGHUP their sockets and event streams are closed within seconds.",
     .at = [](config& c) -> key_target { return &c.auth.revoked; }},
    {.name = "auth.query_token",
     .default_value = "false",
     .help = "true also takes a WebSocket's token as ?access_token=. Addresses end up in the logs of proxies and in browsers' "
             "histories, and the token with them: leave it off unless a client can do nothing else.",
     .at = [](config& c) -> key_target { return &c.auth.query_token; }},
    {.name = "auth.api_keys",
     .default_value = "data_dir",
     .help = "The file that holds the API keys of machines (X-API-Key): no keys in it but their SHA-256, each with a role, a "
             "scope, limits and an end. `haulcast api-key` edits it. `data_dir` means api-keys.json there. A running server "
             "reads it again on SIGHUP.",
     .at = [](config& c) -> key_target { return &c.auth.api_keys; }},

    {.name = "journal.sync",
     .default_value = "full",
     .help =
         "full: what is acknowledged has been forced to the disk and survives a power cut. normal: it has been handed to the "
         "operating system and survives the death of the process, not of the machine; acknowledgements come sooner on slow "
         "disks. "
         "Commits are shared by all who wait, so full costs little under load.",
     .at = [](config& c) -> key_target { return &c.journal.sync; },
     .choices = "full normal"},
    {.name = "journal.retention_hours",
     .default_value = "24",
     .unit = "hours",
     .min = 1,
     .max = 8760,
     .help = "How long records stay after they were written. Larger lets subscribers and consumers that were away longer "
             "resume where "
             "they were, and takes more disk. Whole files are dropped, so records stay somewhat longer.",
     .at = [](config& c) -> key_target { return &c.journal.retention; }},
    {.name = "journal.max_bytes",
     .default_value = "80%",
     .unit = "bytes",
     .min = 4 * mib,
     .max = 1024 * tib,
     .help =
         "The journal's size at most; 80% means that part of the file system it is on. When it is reached, the oldest "
         "files go before their time, if the store has read them; what cannot go stops ingest with 503 until there is room. "
         "Divided by the bytes written in a second, it is how long the store may be away.",
     .at = [](config& c) -> key_target { return &c.journal.max_bytes; }},
    {.name = "journal.min_free_bytes",
     .default_value = "64 MiB",
     .unit = "bytes",
     .min = mib,
     .max = tib,
     .help =
         "When the file system has less room than this, ingest gets 503 before the disk is full, and accepts again by itself "
         "once there is more. Smaller leaves less for snapshots and for whoever else writes there.",
     .at = [](config& c) -> key_target { return &c.journal.min_free_bytes; }},
    {.name = "journal.segment_bytes",
     .default_value = "64 MiB",
     .unit = "bytes",
     .min = mib,
     .max = 4 * gib,
     .help = "The size at which the journal begins a new file. Smaller drops old records more evenly, larger has fewer files.",
     .at = [](config& c) -> key_target { return &c.journal.segment_bytes; }},
    {.name = "journal.memory_bytes",
     .default_value = "32 MiB",
     .unit = "bytes",
     .min = mib,
     .max = 64 * gib,
     .help =
         "The newest records are kept in memory too, so that readers who are up to date never touch the disk. Larger lets them "
         "fall back further before they do.",
     .at = [](config& c) -> key_target { return &c.journal.memory_bytes; }},
    {.name = "journal.max_pending_bytes",
     .default_value = "64 MiB",
     .unit = "bytes",
     .min = mib,
     .max = 16 * gib,
     .help =
         "What may wait for a commit. Beyond three quarters of it lists, queries and new event streams get 503, beyond all of "
         "it "
         "ingest does. Larger rides out longer stalls of the disk and answers later after them.",
     .at = [](config& c) -> key_target { return &c.journal.max_pending_bytes; }},
    {.name = "journal.snapshot_interval_s",
     .default_value = "60",
     .unit = "seconds",
     .min = 1,
     .max = 86'400,
     .help =
         "How often the world is saved beside the journal. Larger writes less and makes a restart after a crash take longer, "
         "because more of the journal is read again.",
     .at = [](config& c) -> key_target { return &c.journal.snapshot_interval; }},

    {.name = "store.url",
     .default_value = "embedded",
     .help = "Where history goes, written behind the journal. `embedded` keeps it in data_dir/store.sqlite.",
     .at = [](config& c) -> key_target { return &c.store.url; },
     .secret = true,
     .only_default = "PostgreSQL is not built yet"},
    {.name = "store.retention_days",
     .default_value = "30",
     .unit = "days",
     .min = 1,
     .max = 3'650,
     .help = "How long positions are kept, counted from their timestamps by whole days. A day of one truck that reports each "
             "five seconds takes about 1.5 MB in the embedded store.",
     .at = [](config& c) -> key_target { return &c.store.retention; }},
    {.name = "store.events_retention_days",
     .default_value = "90",
     .unit = "days",
     .min = 1,
     .max = 3'650,
     .help = "How long events are kept, counted from when they happened.",
     .at = [](config& c) -> key_target { return &c.store.events_retention; }},
    {.name = "store.quarantine_retention_days",
     .default_value = "7",
     .unit = "days",
     .min = 1,
     .max = 3'650,
     .help = "How long refused positions are kept with the reason.",
     .at = [](config& c) -> key_target { return &c.store.quarantine_retention; }},
    {.name = "store.stats_retention_days",
     .default_value = "730",
     .unit = "days",
     .min = 1,
     .max = 36'500,
     .help = "How long a truck's hourly figures are kept. They outlive the positions they were made of.",
     .at = [](config& c) -> key_target { return &c.store.stats_retention; }},

    {.name = "redis.url",
     .default_value = "none",
     .help = "The Redis server that gets live state.",
     .at = [](config& c) -> key_target { return &c.redis.url; },
     .secret = true,
     .later = true,
     .only_default = "Redis is not built yet"},

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
     .help = "The speed limit where no geofence gives one.",
     .at = [](config& c) -> key_target { return &c.engine.default_speed_limit_kmh; },
     .later = true},

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

std::span<const config_section> config_sections() { return sections; }
std::span<const config_key> config_keys() { return table; }

}  // namespace haulcast::app
