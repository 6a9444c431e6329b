// What can be configured of the house: where it is reached, who is believed, where things are kept.
#include <array>

#include "config_table.hpp"
#include "haulcast/app/listen.hpp"
#include "haulcast/http/networks.hpp"
#include "haulcast/http/origins.hpp"
#include "haulcast/store/postgres.hpp"

namespace haulcast::app {
namespace {

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

std::optional<std::string> check_postgres_url(std::string_view text) {
  if (auto why = store::problem_of_postgres_url(std::string{text}); !why.empty()) return why;
  return std::nullopt;
}

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
     .help = "Where history goes, written behind the journal. `embedded` keeps it in data_dir/store.sqlite; "
             "postgresql://haulcast@db.example.org/haulcast in PostgreSQL 15 with PostGIS 3.3 or newer, in a schema of its own "
             "(docs/postgresql.md). What the URL leaves out comes from libpq's variables and files: rather than writing the "
             "password here, use PGPASSWORD, ~/.pgpass or HAULCAST_STORE__URL_FILE.",
     .at = [](config& c) -> key_target { return &c.store.url; },
     .check = check_postgres_url,
     .secret = true},
    {.name = "store.migrate",
     .default_value = "true",
     .help =
         "Whether the server makes and changes the store's tables at start. `false` leaves that to `haulcast migrate`, run by "
         "a role that owns them; until then the server waits with writing, and ingest goes on. Of PostgreSQL only.",
     .at = [](config& c) -> key_target { return &c.store.migrate; }},
    {.name = "store.query_threads",
     .default_value = "2",
     .min = 1,
     .max = 64,
     .help =
         "Questions about the past that are answered at once, each over a connection of its own; behind each thread 32 more "
         "wait, for 5 s at most, and who comes beyond that gets 503. More help where PostgreSQL is on another machine and "
         "has cores to spare. With the embedded store, more than there are cores take them from ingest.",
     .at = [](config& c) -> key_target { return &c.store.query_threads; }},
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
});

}  // namespace

std::span<const config_key> keys_of_the_house() { return table; }

}  // namespace haulcast::app
