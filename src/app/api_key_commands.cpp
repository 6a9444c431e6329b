// api-key create, list, revoke.
#include <memory>
#include <utility>

#include "cli_commands.hpp"
#include "haulcast/app/api_key_admin.hpp"
#include "haulcast/app/numbers.hpp"
#include "haulcast/auth/api_key_file.hpp"

namespace haulcast::app {
namespace {

/// Where the keys of this configuration are.
template <class Act>
int with_file(const cli_run& cli, const std::string& config_file, Act&& act) {
  const auto cfg = load_config_of(config_file, cli.here);
  if (!cfg) return cli.refuse(cfg.error().what);
  return act(api_keys_file(*cfg));
}

int create(const cli_run& cli, const api_key_request& request, const std::filesystem::path& file) {
  auto key = plan_api_key(request, cli.here.now);
  if (!key) return cli.refuse(key.error().what);
  const auto text = auth::new_api_key();
  if (!text) return cli.refuse("the kernel has no random bytes", exit_failed);
  key->digest = auth::sha256{}(*text);
  const auto added = auth::add_api_key(file, std::move(*key));
  if (!added) return cli.refuse(added.error().what, exit_data_directory);
  if (!*added)
    return cli.refuse("there is an API key named " + request.name + " already; revoke it first, or take another name");
  cli.here.err << "haulcast: this key is shown once and stored nowhere; a running server takes it from SIGHUP on\n";
  cli.here.out << *text << '\n';
  return exit_stopped;
}

int list(const cli_run& cli, bool as_json, const std::filesystem::path& file) {
  const auto keys = auth::read_api_keys(file);
  if (!keys) return cli.refuse(keys.error().what, exit_data_directory);
  cli.here.out << (as_json ? api_keys_as_json(*keys, cli.here.now) : api_keys_as_table(*keys, cli.here.now));
  return exit_stopped;
}

int revoke(const cli_run& cli, const std::string& name, const std::filesystem::path& file) {
  const auto removed = auth::remove_api_key(file, name);
  if (!removed) return cli.refuse(removed.error().what, exit_data_directory);
  if (!*removed) return cli.refuse("there is no API key named " + name.substr(0, 128));
  cli.here.err << "haulcast: " << name << " is revoked; a running server refuses it from SIGHUP on\n";
  return exit_stopped;
}

void read_ttl(api_key_request& request, const std::string& text) {
  request.ttl = parse_duration(text);
  if (!request.ttl && text != "none") {
    throw CLI::ValidationError{"--ttl", "must be a number with s, m, h or d, such as 90d, or none; it is " + text};
  }
}

void add_create(CLI::App& api_key, cli_run& cli) {
  auto* command = api_key.add_subcommand("create", "Make a key and print it, once");
  const auto request = std::make_shared<api_key_request>();
  const auto file = std::make_shared<std::string>();
  command->add_option("--name", request->name, "What it is known by: in lists, logs and limits")->required()->type_name("NAME");
  command->add_option("--role", request->whom.role, "driver, customer, merchant or admin")->required()->type_name("ROLE");
  command->add_option("--truck", request->whom.trucks, "A driver's truck; may be given several times")
      ->type_name("ID")
      ->take_all()
      ->expected(1);
  command->add_option("--customer", request->whom.customer_id, "The customer, for --role customer")->type_name("ID");
  command->add_option("--merchant", request->whom.merchant_id, "The merchant, for --role merchant")->type_name("ID");
  command
      ->add_option_function<std::string>(
          "--ttl", [request](const std::string& text) { read_ttl(*request, text); },
          "How long it holds: 12h, 90d; none: for ever")
      ->default_str("90d")
      ->type_name("DURATION");
  command->add_option("--requests-per-s", request->requests_per_s, "A limit of its own (default: the server's)")
      ->type_name("X");
  command->add_option("--burst", request->burst, "How many may come at once (default: those of a second)")->type_name("N");
  add_config_option(*command, *file);
  command->footer(
      "The key goes into the header X-API-Key. Only its SHA-256 is stored, in auth.api_keys: run this where the server "
      "runs,\nand as its user.\n\n"
      "Examples:\n"
      "  haulcast api-key create --name erp --role merchant --merchant M-1 --ttl 365d\n"
      "  haulcast api-key create --name gateway-7 --role driver --truck TRK-1 --truck TRK-2 --requests-per-s 5");
  command->final_callback([&cli, request, file] {
    cli.chosen = [&cli, request, file] {
      return with_file(cli, *file, [&](const auto& path) { return create(cli, *request, path); });
    };
  });
}

void add_list(CLI::App& api_key, cli_run& cli) {
  auto* command = api_key.add_subcommand("list", "Show the keys: what each may do, and until when");
  const auto as_json = std::make_shared<bool>(false);
  const auto file = std::make_shared<std::string>();
  command->add_flag("--json", *as_json, "One JSON object, for programs");
  add_config_option(*command, *file);
  command->final_callback([&cli, as_json, file] {
    cli.chosen = [&cli, as_json, file] {
      return with_file(cli, *file, [&](const auto& path) { return list(cli, *as_json, path); });
    };
  });
}

void add_revoke(CLI::App& api_key, cli_run& cli) {
  auto* command = api_key.add_subcommand("revoke", "End a key");
  const auto name = std::make_shared<std::string>();
  const auto file = std::make_shared<std::string>();
  command->add_option("name", *name, "As `haulcast api-key list` shows it")->required()->type_name("NAME");
  add_config_option(*command, *file);
  command->final_callback([&cli, name, file] {
    cli.chosen = [&cli, name, file] {
      return with_file(cli, *file, [&](const auto& path) { return revoke(cli, *name, path); });
    };
  });
}

}  // namespace

void add_api_key_commands(CLI::App& app, cli_run& cli) {
  auto* command = app.add_subcommand("api-key", "Make, list and revoke keys for machines (X-API-Key)");
  command->require_subcommand(1);
  add_create(*command, cli);
  add_list(*command, cli);
  add_revoke(*command, cli);
  command->footer(
      "Examples:\n"
      "  haulcast api-key create --name erp --role merchant --merchant M-1\n"
      "  haulcast api-key list\n"
      "  haulcast api-key revoke erp");
}

}  // namespace haulcast::app
