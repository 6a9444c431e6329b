// The commands that talk to a server: simulate, replay, watch, health.
#include <unistd.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "cli_commands.hpp"
#include "haulcast/app/identity.hpp"
#include "haulcast/app/listen.hpp"
#include "haulcast/app/mint.hpp"
#include "haulcast/auth/api_key.hpp"
#include "haulcast/client/health.hpp"
#include "haulcast/client/import_geofences.hpp"
#include "haulcast/client/replay.hpp"
#include "haulcast/client/simulate.hpp"
#include "haulcast/client/terminal.hpp"
#include "haulcast/client/watch.hpp"
#include "haulcast/wire/time.hpp"

namespace haulcast::app {
namespace {

/// The range is told in the sentence about a value beyond it; in the help it would stand between option and words.
template <class T>
CLI::Validator within(T min, T max) {
  return CLI::Range(min, max).description("");
}

/// Where the server is and who asks, as given. Empty members are filled by reach().
struct target {
  std::string url;
  std::string token;  // in the end also what was given as an API key
  std::string api_key;
  std::string config_file;
  client::trust_files believed;
};

void add_target_options(CLI::App& command, target& where, bool with_token) {
  command.add_option("--url", where.url, "The server (also HAULCAST_URL; default: where the configuration lets it listen)")
      ->type_name("URL");
  if (with_token) {
    command.add_option("--token", where.token, "Who asks (better as HAULCAST_TOKEN, which no list of processes shows)")
        ->type_name("TOKEN");
    command.add_option("--api-key", where.api_key, "Instead of a token (better as HAULCAST_API_KEY)")->type_name("KEY");
  }
  command
      .add_option("--ca", where.believed.ca_file,
                  "PEM file of an authority to believe beside this machine's, for https (also HAULCAST_CA)")
      ->type_name("FILE");
  add_config_option(command, where.config_file);
}

std::string variable(const surroundings& here, const char* name) {
  const auto found = here.variables.find(name);
  return found == here.variables.end() ? std::string{} : found->second;
}

/// Who listens on every address is reached on loopback.
std::string url_of(const endpoint& where, bool secure) {
  const bool ipv6 = where.host.find(':') != std::string::npos;
  const bool any = where.host == "0.0.0.0" || where.host == "::";
  const auto host = any ? (ipv6 ? "::1" : "127.0.0.1") : where.host;
  return (secure ? "https://" : "http://") + (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(where.port);
}

bool is_on_this_machine(std::string_view url) {
  const std::string_view scheme = url.starts_with("https://") ? "https://" : "http://";
  if (!url.starts_with(scheme)) return false;
  const auto authority = url.substr(scheme.size(), url.find_first_of("/?#", scheme.size()) - scheme.size());
  if (authority == "localhost" || authority.starts_with("localhost:")) return authority.find('@') == authority.npos;
  const auto with_port = authority.find(':') == authority.npos || authority.ends_with(']') ? std::string{authority} + ":80"
                                                                                           : std::string{authority};
  const auto where = parse_listen(with_port);
  return where && where->loopback;
}

/// Signs a token for a server of this machine, with a secret that is there already: a client makes no data directory. The token
/// goes nowhere else, whatever URL is given.
result<minted_token> local_token(const config& cfg, const target& where, utc_time now) {
  const failure none{"a token is needed: --token or HAULCAST_TOKEN; `haulcast token` makes one where the server runs"};
  if (!is_on_this_machine(where.url) || !believes_hs256(cfg)) return none;
  std::error_code error;
  if (!cfg.auth.hs256_secret && !std::filesystem::exists(cfg.data_dir / "secret", error)) return none;
  const auto secret = signing_secret(cfg);
  if (!secret) return secret.error();
  return mint({.role = "admin", .subject = "command-line"}, cfg, secret->text, now);
}

/// Token or API key: an option goes before a variable of either kind.
result<void> choose_credential(target& where, const surroundings& here) {
  const bool optional = where.token.empty() && where.api_key.empty();
  if (optional) {
    where.token = variable(here, "HAULCAST_TOKEN");
    where.api_key = variable(here, "HAULCAST_API_KEY");
  }
  if (where.api_key.empty()) return {};
  const std::string name = optional ? "HAULCAST_API_KEY" : "--api-key";
  if (!where.token.empty()) {
    return failure{name + " and " + (optional ? "HAULCAST_TOKEN" : "--token") + " are both given; one of them must go"};
  }
  if (!auth::looks_like_api_key(where.api_key)) return failure{name + " is no API key: those begin with hk_"};
  where.token = where.api_key;
  return {};
}

/// Fills in what was not given: from the environment, then from the configuration.
result<void> reach(target& where, const surroundings& here, bool with_token) {
  if (where.url.empty()) where.url = variable(here, "HAULCAST_URL");
  if (const auto chosen = choose_credential(where, here); with_token && !chosen) return chosen.error();
  if (where.believed.ca_file.empty()) where.believed.ca_file = variable(here, "HAULCAST_CA");
  const bool complete = !where.url.empty() && (!with_token || !where.token.empty());
  if (complete) return {};

  const auto cfg = load_config_of(where.config_file, here);
  if (!cfg) return cfg.error();
  if (where.url.empty()) {
    const auto listens = parse_listen(cfg->server.listen);
    if (!listens || listens->port == 0)
      return failure{"--url is needed: the configuration does not say on which port the server listens"};
    // On loopback its certificate is for another name: it is believed because it is the one in the configuration.
    const auto& certificate = cfg->server.tls.certificate;
    where.url = url_of(*listens, certificate.has_value());
    if (certificate) where.believed.certificate = *certificate;
  }
  if (!with_token || !where.token.empty()) return {};
  auto token = local_token(*cfg, where, here.now);
  if (!token) return token.error();
  where.token = std::move(token->text);
  return {};
}

/// Runs a client command that has options with `url` and `token`.
template <class Options, class Runner>
void choose(CLI::App& command, cli_run& cli, std::shared_ptr<Options> options, std::shared_ptr<target> where,
            const Runner& runner) {
  command.final_callback([&cli, options, where, &runner] {
    cli.chosen = [&cli, options, where, &runner] {
      if (const auto reached = reach(*where, cli.here, true); !reached) return cli.refuse(reached.error().what);
      options->url = where->url;
      options->token = where->token;
      options->believed = where->believed;
      return runner(*options);
    };
  });
}

void add_simulate(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("simulate", "Drive a fleet that does not exist, and post its positions as apps would");
  const auto options = std::make_shared<client::simulate_options>();
  const auto where = std::make_shared<target>();
  command->add_option("--trucks", options->trucks, "How many")
      ->check(within(1, 1'000'000))
      ->capture_default_str()
      ->type_name("N");
  add_duration_option(*command, "--interval", into(options->interval), "Between two positions of a truck")->default_str("5s");
  command->add_option("--seed", options->seed, "The same seed drives the same tracks")->capture_default_str()->type_name("N");
  add_duration_option(
      *command, "--duration", [options](milliseconds d) { options->duration = d; }, "How long (default: until Ctrl-C)");
  command->add_option("--speedup", options->speedup, "Trucks' time over wall time; above 1 it needs --duration")
      ->check(within(1.0, 1000.0))
      ->capture_default_str()
      ->type_name("X");
  command->add_option("--prefix", options->truck_prefix, "What their ids begin with")->capture_default_str()->type_name("TEXT");
  command->add_option("--connections", options->connections, "Shared by all trucks")
      ->check(within(1, 10'000))
      ->capture_default_str()
      ->type_name("N");
  add_duration_option(*command, "--report-every", into(options->report_every), "A line of totals; 0s: none")->default_str("5s");
  add_target_options(*command, *where, true);
  command->footer(
      "The trucks accelerate, stop, dwell at sites and lose their network now and then. Ctrl-C ends it with a summary.\n"
      "A server on this machine needs no --token: one is signed with its secret.\n\n"
      "Examples:\n"
      "  haulcast simulate --trucks 20\n"
      "  haulcast simulate --trucks 5000 --interval 1s --seed 7 --duration 10m --url http://127.0.0.1:8080");
  choose(*command, cli, options, where, cli.run.simulate);
}

void read_format(client::replay_options& options, const std::string& text) {
  static const std::map<std::string, client::track_format> formats{
      {"csv", client::track_format::csv}, {"ndjson", client::track_format::ndjson}, {"gpx", client::track_format::gpx}};
  const auto found = formats.find(text);
  if (found == formats.end()) throw CLI::ValidationError{"--format", "must be csv, ndjson or gpx; it is " + text};
  options.format = found->second;
}

void read_end_at(client::replay_options& options, const std::string& text) {
  options.end_at = wire::parse_time(text);
  if (!options.end_at) throw CLI::ValidationError{"--end-at", "must be a time such as 2026-11-20T10:30:00Z; it is " + text};
}

void read_columns(client::replay_options& options, const std::string& text) {
  auto columns = client::parse_column_map(text);
  if (!columns) throw CLI::ValidationError{"--columns", columns.error().what};
  options.columns = std::move(*columns);
}

void add_replay(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("replay", "Post a recorded track, paced and ordered as its trucks would have done");
  const auto options = std::make_shared<client::replay_options>();
  const auto where = std::make_shared<target>();
  const auto no_progress = std::make_shared<bool>(false);
  command->add_option("FILE", options->file, "CSV, NDJSON or GPX, each also as .gz; - is standard input")->required();
  command
      ->add_option_function<std::string>(
          "--format", [options](const std::string& text) { read_format(*options, text); },
          "csv, ndjson or gpx (default: by the file's name)")
      ->type_name("FORMAT");
  command->add_option("--speed", options->speed, "Seconds of the file per second; 0: as fast as the server answers")
      ->check(within(0.0, 1e6))
      ->capture_default_str()
      ->type_name("X");
  command
      ->add_option_function<std::string>(
          "--end-at", [options](const std::string& text) { read_end_at(*options, text); },
          "Where relative or shifted times end (default: now; printed, so that a second run can use it)")
      ->type_name("TIME");
  command->add_flag("--shift", options->shift, "Move absolute times so that the newest is at --end-at");
  command
      ->add_option_function<std::string>(
          "--columns", [options](const std::string& text) { read_columns(*options, text); },
          "Columns of a CSV file that are not recognised: truck_id=trace,latitude=y")
      ->type_name("MAP");
  command->add_option("--truck", options->truck_id, "For files that name no truck")->type_name("ID");
  command->add_option("--batch", options->batch_max, "Positions in one request at most")
      ->check(within(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--connections", options->connections, "Used at once")
      ->check(within(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  add_duration_option(*command, "--give-up-after", into(options->give_up_after),
                      "Without any answer from the server; 0s: never")
      ->default_str("60s");
  command->add_flag("--gzip", options->gzip, "Compress the bodies");
  command->add_flag("--json", options->json, "Print the summary as JSON");
  command->add_flag("--no-progress", *no_progress, "Draw no progress bar");
  add_target_options(*command, *where, true);
  command->footer(
      "429, 503 and lost connections are retried, which is safe: a position sent again is a duplicate. A server on this\n"
      "machine needs no --token: one is signed with its secret.\n\n"
      "Examples:\n"
      "  haulcast replay traces.csv.gz --speed 60\n"
      "  haulcast replay tour.gpx --truck TRK-1 --shift\n"
      "  haulcast replay traces.csv --columns truck_id=trace,latitude=y,longitude=x --end-at 2026-11-20T10:30:00Z");
  choose(*command, cli, options, where, cli.run.replay);
  command->parse_complete_callback([options, no_progress] {
    options->terminal = !*no_progress && client::is_terminal(STDERR_FILENO);
    options->colour = client::wants_colour(STDERR_FILENO);
  });
}

void add_import_geofences(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("import-geofences", "Send a file of geofences, GeoJSON or KML: all of them or none");
  const auto options = std::make_shared<client::import_options>();
  const auto where = std::make_shared<target>();
  const auto no_progress = std::make_shared<bool>(false);
  command->add_option("FILE", options->file, "GeoJSON or KML, each also as .gz; - is standard input")->required();
  command->add_option("--radius", options->radius_m, "Metres around the points of a KML file that say none")
      ->check(within(1.0, 1e6))
      ->type_name("M");
  command->add_option("--width", options->width_m, "Metres across the lines of a KML file that say none")
      ->check(within(1.0, 1e6))
      ->type_name("M");
  command->add_flag("--dry-run", options->dry_run, "Check the file, and send nothing");
  add_duration_option(*command, "--give-up-after", into(options->give_up_after),
                      "Of a server that is busy or not there; 0s: never")
      ->default_str("60s");
  command->add_flag("--gzip", options->gzip, "Compress the body");
  command->add_flag("--json", options->json, "Print what came of it as JSON");
  command->add_flag("--no-progress", *no_progress, "Draw no progress bar");
  add_target_options(*command, *where, true);
  command->footer(
      "Geofences with ids that are there are updated. Each has an id: in GeoJSON its own or geofence_id of the properties; in\n"
      "KML the datum geofence_id, the Placemark's id, or its name. What a file of the same names says stays the same.\n\n"
      "Examples:\n"
      "  haulcast import-geofences sites.geojson\n"
      "  haulcast import-geofences depots.kml --radius 150 --dry-run");
  command->final_callback([&cli, options, where] {
    cli.chosen = [&cli, options, where] {
      if (const auto reached = reach(*where, cli.here, !options->dry_run); !reached) return cli.refuse(reached.error().what);
      options->url = where->url;
      options->token = where->token;
      options->believed = where->believed;
      return cli.run.import_geofences(*options);
    };
  });
  command->parse_complete_callback([options, no_progress] {
    options->terminal = !*no_progress && client::is_terminal(STDERR_FILENO);
    options->colour = client::wants_colour(STDERR_FILENO);
  });
}

void add_watch(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("watch", "Follow trucks live in the terminal");
  const auto options = std::make_shared<client::watch_options>();
  const auto where = std::make_shared<target>();
  const auto plain = std::make_shared<bool>(false);
  command->add_option("--truck", options->trucks, "Which; may be given several times (default: all, which only an admin may)")
      ->type_name("ID")
      ->take_all()
      ->expected(1);
  command->add_flag("--events", options->events, "Print events too");
  command->add_option("--max-rate", options->max_rate_hz, "Updates per second at most, 0.01 to 50 (default: every one)")
      ->check(within(0.01, 50.0))
      ->type_name("HZ");
  command->add_option("--rows", options->rows, "Trucks shown at most, the newest first (default: as many as fit)")
      ->type_name("N");
  command->add_option("--count", options->stop_after, "End after so many updates (default: never)")->type_name("N");
  command->add_flag("--plain", *plain, "A line for each update, also on a terminal");
  add_target_options(*command, *where, true);
  command->footer(
      "On a terminal each truck has one line that is kept up to date. Ctrl-C ends it. A server on this machine needs no\n"
      "--token: one is signed with its secret.\n\n"
      "Examples:\n"
      "  haulcast watch\n"
      "  haulcast watch --truck TRK-1 --truck TRK-2 --events\n"
      "  haulcast watch --plain --count 100 > updates.txt");
  choose(*command, cli, options, where, cli.run.watch);
  command->parse_complete_callback([options, plain] {
    options->terminal = !*plain && client::is_terminal(STDOUT_FILENO);
    options->colour = client::wants_colour(STDOUT_FILENO);
  });
}

void add_health(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("health", "Ask a server whether it is ready: exit code 0 yes, 1 no");
  const auto options = std::make_shared<client::health_options>();
  const auto where = std::make_shared<target>();
  add_duration_option(*command, "--timeout", into(options->time_out), "For the whole of it")->default_str("3s");
  add_target_options(*command, *where, false);
  command->footer("Example:\n  haulcast health --url http://127.0.0.1:8080");
  command->final_callback([&cli, options, where] {
    cli.chosen = [&cli, options, where] {
      if (const auto reached = reach(*where, cli.here, false); !reached) return cli.refuse(reached.error().what);
      options->url = where->url;
      options->believed = where->believed;
      return cli.run.health(*options);
    };
  });
}

}  // namespace

void add_client_commands(CLI::App& app, cli_run& cli) {
  add_simulate(app, cli);
  add_replay(app, cli);
  add_import_geofences(app, cli);
  add_watch(app, cli);
  add_health(app, cli);
}

}  // namespace haulcast::app
