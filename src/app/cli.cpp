#include "haulcast/app/cli.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "cli_commands.hpp"
#include "haulcast/app/certificate.hpp"
#include "haulcast/app/identity.hpp"
#include "haulcast/app/mint.hpp"
#include "haulcast/app/numbers.hpp"
#include "haulcast/base/edit_distance.hpp"

namespace haulcast::app {
namespace {

void add_serve(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("serve", "Run the server");
  const auto file = std::make_shared<std::string>();
  const auto adopt = std::make_shared<bool>(false);
  add_config_option(*command, *file);
  command->add_flag("--adopt", *adopt,
                    "Go on with a store (or another consumer of the journal) whose checkpoint belongs to another journal, is "
                    "ahead of this one, or ends before it begins");
  command->footer(
      "Without a configuration it listens on 127.0.0.1:8080 and keeps its data in ./haulcast-data. Once it is ready it\n"
      "prints one line, `listening on http://...`; logs go to stderr. SIGTERM and SIGINT end it in good order, a second\n"
      "one at once. SIGHUP reads secrets, keys, API keys, revoked subjects and the certificate again; only connections of\n"
      "revoked subjects and API keys end by it.\n\n"
      "Examples:\n"
      "  haulcast serve\n"
      "  haulcast serve --config /etc/haulcast.yaml\n"
      "  HAULCAST_SERVER__LISTEN=127.0.0.1:9000 HAULCAST_LOG__FORMAT=json haulcast serve");
  command->final_callback([&cli, file, adopt] {
    cli.chosen = [&cli, file, adopt] {
      auto cfg = load_config_of(*file, cli.here);
      if (!cfg) return cli.refuse(cfg.error().what);
      if (const auto valid = validate(*cfg); !valid) return cli.refuse(valid.error().what);
      cfg->adopt = *adopt;
      return cli.run.serve(*cfg);
    };
  });
}

void add_check_config(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("check-config", "Show the configuration that would be in force, or what is wrong with it");
  const auto file = std::make_shared<std::string>();
  const auto example = std::make_shared<bool>(false);
  add_config_option(*command, *file);
  command->add_flag("--example", *example, "Print the manual instead: every key with its default, explained");
  command->footer(
      "Secrets are shown as ***; a certificate and its key are read and checked. A mistake gives one line with file and line, "
      "and exit code 2.\n\n"
      "Examples:\n"
      "  haulcast check-config --config haulcast.yaml\n"
      "  haulcast check-config --example > haulcast.yaml");
  command->final_callback([&cli, file, example] {
    cli.chosen = [&cli, file, example] {
      if (*example) {
        cli.here.out << example_config();
        return int{exit_stopped};
      }
      const auto cfg = load_config_of(*file, cli.here);
      if (!cfg) return cli.refuse(cfg.error().what);
      if (const auto valid = validate(*cfg); !valid) return cli.refuse(valid.error().what);
      if (const auto good = check_identity_files(*cfg); !good) return cli.refuse(good.error().what);
      for (const auto& warning : identity_warnings(*cfg)) cli.here.err << "haulcast: " << warning << '\n';
      const auto certificate = load_certificate_of(*cfg);
      if (!certificate) return cli.refuse(certificate.error().what);
      if (*certificate) {
        for (const auto& warning : (*certificate)->warnings) cli.here.err << "haulcast: " << warning << '\n';
      }
      cli.here.out << show(*cfg);
      return int{exit_stopped};
    };
  });
}

int print_token(const cli_run& cli, const token_request& request, const std::string& file) {
  const auto cfg = load_config_of(file, cli.here);
  if (!cfg) return cli.refuse(cfg.error().what);
  if (!believes_hs256(*cfg)) {
    return cli.refuse(
        "this server believes the issuers of auth.keys alone; with auth.hs256_secret it would take tokens made here");
  }
  // Tried with any secret first: a request that cannot be must not leave a data directory behind.
  if (const auto possible = mint(request, *cfg, "a secret that signs nothing", cli.here.now); !possible) {
    return cli.refuse(possible.error().what);
  }
  const auto secret = signing_secret(*cfg);
  if (!secret) return cli.refuse(secret.error().what, exit_data_directory);
  if (secret->created_now) cli.here.err << "haulcast: made a signing secret, " << (cfg->data_dir / "secret").string() << '\n';
  const auto token = mint(request, *cfg, secret->text, cli.here.now);
  if (!token) return cli.refuse(token.error().what);
  cli.here.out << token->text << '\n';
  return exit_stopped;
}

void add_token(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("token", "Print a token that the server of this configuration accepts");
  const auto request = std::make_shared<token_request>();
  const auto file = std::make_shared<std::string>();
  command->add_option("--role", request->role, "driver, customer, merchant or admin")->required()->type_name("ROLE");
  command->add_option("--truck", request->trucks, "A driver's truck; may be given several times")
      ->type_name("ID")
      ->take_all()
      ->expected(1);
  command->add_option("--customer", request->customer_id, "The customer, for --role customer")->type_name("ID");
  command->add_option("--merchant", request->merchant_id, "The merchant, for --role merchant")->type_name("ID");
  command
      ->add_option("--subject", request->subject,
                   "Who the token is for (default: the first truck, customer or merchant, or the role)")
      ->type_name("TEXT");
  add_duration_option(*command, "--ttl", into(request->ttl), "How long it holds: 90s, 15m, 24h, 7d")->default_str("24h");
  add_config_option(*command, *file);
  command->footer(
      "Signs with auth.hs256_secret, or with the secret generated in the data directory, which is made if there is none:\n"
      "run it where the server runs. Whoever has the token is believed until it ends.\n\n"
      "Examples:\n"
      "  haulcast token --role admin\n"
      "  haulcast token --role driver --truck TRK-1 --truck TRK-2 --ttl 7d\n"
      "  haulcast token --role customer --customer C-42 --subject app-of-c-42");
  command->final_callback(
      [&cli, request, file] { cli.chosen = [&cli, request, file] { return print_token(cli, *request, *file); }; });
}

void add_verify(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("verify", "Derive everything in the journal again and compare");
  const auto options = std::make_shared<verify_options>();
  const auto file = std::make_shared<std::string>();
  command->add_flag("--from-start", options->from_start, "Begin at the oldest record instead of the snapshots");
  add_config_option(*command, *file);
  command->footer(
      "For a data directory that no server is using. Changes nothing. Exit code 0: all as recorded; 1: a difference;\n"
      "3: the directory is in use or unusable.\n\n"
      "Example:\n"
      "  HAULCAST_DATA_DIR=/var/lib/haulcast haulcast verify --from-start");
  command->final_callback([&cli, options, file] {
    cli.chosen = [&cli, options, file] {
      const auto cfg = load_config_of(*file, cli.here);
      return cfg ? cli.run.verify(*cfg, *options) : cli.refuse(cfg.error().what);
    };
  });
}

void add_migrate(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("migrate", "Take the store's tables to this version");
  const auto options = std::make_shared<migrate_options>();
  const auto file = std::make_shared<std::string>();
  command->add_flag("--dry-run", options->dry_run, "Try it in a transaction, take it back, and say what it would be");
  add_config_option(*command, *file);
  command->footer(
      "The server does this by itself at start, unless store.migrate is false: then run it with store.url naming a role that\n"
      "owns the tables, before a new version of the server starts. It goes forward only; a newer store is refused.\n\n"
      "Example:\n"
      "  HAULCAST_STORE__URL=postgresql://owner@db.example.org/haulcast haulcast migrate --dry-run");
  command->final_callback([&cli, options, file] {
    cli.chosen = [&cli, options, file] {
      const auto cfg = load_config_of(*file, cli.here);
      return cfg ? cli.run.migrate(*cfg, *options) : cli.refuse(cfg.error().what);
    };
  });
}

void add_version(CLI::App& app, cli_run& cli) {
  app.add_subcommand("version", "Print the version")->final_callback([&cli] {
    cli.chosen = [&cli] {
      cli.here.out << "haulcast " HAULCAST_VERSION "\n";
      return int{exit_stopped};
    };
  });
}

/// What CLI11 says about a mistake, in one line.
std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string help_of_used(const CLI::App& app) {
  const auto used = app.get_subcommands();
  return used.empty() ? "haulcast --help" : "haulcast " + used.front()->get_name() + " --help";
}

/// The library would say that a subcommand is missing.
std::optional<std::string> wrong_command(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2 || std::string_view{argv[1]}.starts_with('-')) return std::nullopt;
  const std::string given{std::string_view{argv[1]}.substr(0, 80)};
  std::string near;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const auto distance = edit_distance(command->get_name(), given);
    if (distance == 0) return std::nullopt;
    if (distance <= 2) near = command->get_name();
  }
  return given + " is not a command" + (near.empty() ? " (see haulcast --help)" : "; did you mean " + near + "?");
}

}  // namespace

void add_config_option(CLI::App& command, std::string& file) {
  command.add_option("--config", file, "Configuration in YAML (also HAULCAST_CONFIG; default: none)")->type_name("FILE");
}

result<config> load_config_of(const std::string& file, const surroundings& here) {
  const auto variable = here.variables.find("HAULCAST_CONFIG");
  const auto& chosen = file.empty() && variable != here.variables.end() ? variable->second : file;
  return load_config(chosen.empty() ? std::nullopt : std::optional<std::filesystem::path>{chosen}, here.variables);
}

CLI::Option* add_duration_option(CLI::App& command, const std::string& name, std::function<void(milliseconds)> set,
                                 const std::string& help) {
  const auto read = [set = std::move(set), name](const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) throw CLI::ValidationError{name, "must be a number with ms, s, m, h or d, such as 90s; it is " + text};
    set(*duration);
  };
  return command.add_option_function<std::string>(name, read, help)->type_name("DURATION");
}

std::function<void(milliseconds)> into(milliseconds& target) {
  return [&target](milliseconds duration) { target = duration; };
}

int run_command_line(int argc, const char* const* argv, const surroundings& here, const command_runners& run) {
  CLI::App app{"haulcast tracks freight live: positions of trucks in over HTTP, positions and events out over WebSocket.",
               "haulcast"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "haulcast " HAULCAST_VERSION);
  app.get_formatter()->column_width(32);
  app.footer(
      "Start one and look at it:\n"
      "  haulcast serve\n"
      "  haulcast simulate --trucks 20\n"
      "  haulcast watch\n\n"
      "Exit codes: 0 done, 1 failed while running, 2 wrong usage or configuration, 3 data directory in use or unusable.");
  cli_run cli{here, run};
  add_serve(app, cli);
  add_check_config(app, cli);
  add_token(app, cli);
  add_api_key_commands(app, cli);
  add_client_commands(app, cli);
  add_verify(app, cli);
  add_migrate(app, cli);
  add_version(app, cli);
  if (const auto wrong = wrong_command(app, argc, argv)) return cli.refuse(*wrong);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == 0;  // --help, --version
    if (asked_for) return app.exit(error, here.out, here.err);
    return cli.refuse(one_line(error.what()) + " (see " + help_of_used(app) + ")");
  }
  return cli.chosen();
}

}  // namespace haulcast::app
