#include "haulcast/app/cli.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "haulcast/app/config_file.hpp"
#include "haulcast/auth/token.hpp"
#include "haulcast/client/health.hpp"
#include "haulcast/client/import_geofences.hpp"
#include "haulcast/client/replay.hpp"
#include "haulcast/client/simulate.hpp"
#include "haulcast/client/watch.hpp"
#include "temporary_directory.hpp"

namespace haulcast::app {
namespace {

using namespace std::chrono_literals;

const std::string secret(40, 's');
constexpr utc_time now = from_epoch_ms(1'800'000'000'000);

auth::key_ring only(std::string_view hs256_secret) {
  auth::key_ring keys;
  keys.add(auth::verifying_key{hs256_secret}).value();
  return keys;
}

/// Runs a command line with commands that only note what they were asked.
class CommandLine : public testing::Test {
 protected:
  CommandLine() { variables_["HAULCAST_DATA_DIR"] = directory_ / "data"; }

  int run(std::vector<std::string> words) {
    out_.str("");
    err_.str("");
    words.insert(words.begin(), "haulcast");
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    return run_command_line(static_cast<int>(argv.size()), argv.data(), {variables_, now, out_, err_}, runners_);
  }

  /// The only thing printed is one line on stderr.
  std::string complaint(std::vector<std::string> words, int code = exit_wrong_usage) {
    EXPECT_EQ(run(std::move(words)), code);
    EXPECT_EQ(out_.str(), "");
    const auto text = err_.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_TRUE(text.starts_with("haulcast: ")) << text;
    return text;
  }

  std::shared_ptr<const auth::principal> verified(std::string_view with_secret = secret) {
    auto token = out_.str();
    EXPECT_EQ(token.empty() ? ' ' : token.back(), '\n');
    token.pop_back();
    return auth::token_verifier{{.keys = only(with_secret)}}.verify(token, now).value();
  }

  temporary_directory directory_;
  environment variables_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::optional<config> served_;
  std::optional<verify_options> verified_;
  std::optional<migrate_options> migrated_;
  client::simulate_options simulated_;
  client::replay_options replayed_;
  client::import_options imported_;
  client::watch_options watched_;
  client::health_options asked_;
  command_runners runners_{
      .serve = [this](const config& cfg) { return served_ = cfg, 7; },
      .verify = [this](const config&, const verify_options& options) { return verified_ = options, 0; },
      .migrate = [this](const config&, const migrate_options& options) { return migrated_ = options, 0; },
      .simulate = [this](const auto& options) { return simulated_ = options, 0; },
      .replay = [this](const auto& options) { return replayed_ = options, 0; },
      .import_geofences = [this](const auto& options) { return imported_ = options, 0; },
      .watch = [this](const auto& options) { return watched_ = options, 0; },
      .health = [this](const auto& options) { return asked_ = options, 1; },
  };
};

TEST_F(CommandLine, MakesNoTokenThatTheServerWouldNotBelieve) {
  variables_["HAULCAST_SERVER__LISTEN"] = "0.0.0.0:8080";
  variables_["HAULCAST_AUTH__KEYS"] = "[{file: /etc/idp.pem, alg: RS256}]";
  EXPECT_NE(complaint({"token", "--role", "admin"}).find("with auth.hs256_secret it would take tokens made here"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data"));
  variables_["HAULCAST_AUTH__HS256_SECRET"] = secret;
  EXPECT_EQ(run({"token", "--role", "admin"}), exit_stopped);
}

TEST_F(CommandLine, ChecksTheFilesThatTheConfigurationNames) {
  variables_["HAULCAST_AUTH__REVOKED"] = directory_ / "nobody";
  EXPECT_NE(complaint({"check-config"}).find("auth.revoked: "), std::string::npos);
  directory_.write("nobody", "");
  EXPECT_EQ(run({"check-config"}), exit_stopped);
}

TEST_F(CommandLine, ServesWithTheConfigurationAndHandsItsExitCodeThrough) {
  const auto file = directory_.write("f.yaml", "ingest:\n  max_batch: 7\n");
  EXPECT_EQ(run({"serve", "--config", file}), 7);
  EXPECT_EQ(served_->ingest.max_batch, 7U);
  variables_["HAULCAST_CONFIG"] = file;
  served_.reset();
  EXPECT_EQ(run({"serve"}), 7);
  EXPECT_EQ(served_->ingest.max_batch, 7U);
}

TEST_F(CommandLine, DoesNotServeAConfigurationThatIsWrong) {
  const auto file = directory_.write("f.yaml", "ingest:\n  max_batch: 0\n");
  EXPECT_NE(complaint({"serve", "--config", file}).find("f.yaml:2: ingest.max_batch"), std::string::npos);
  variables_["HAULCAST_SERVER__LISTEN"] = "0.0.0.0:8080";
  EXPECT_NE(complaint({"serve"}).find("auth.hs256_secret"), std::string::npos);
  EXPECT_FALSE(served_);
}

TEST_F(CommandLine, ComplainsInOneLineAboutWrongUsage) {
  complaint({});
  EXPECT_EQ(complaint({"fly"}), "haulcast: fly is not a command (see haulcast --help)\n");
  EXPECT_EQ(complaint({"tokn", "--role", "admin"}), "haulcast: tokn is not a command; did you mean token?\n");
  complaint({"serve", "--port", "80"});
  complaint({"serve", "extra"});
  complaint({"serve", "--config"});
  complaint({"token"});
  complaint({"token", "--role", "admin", "--ttl", "soon"});
  complaint({"replay"});
  complaint({"simulate", "--trucks", "0"});
  complaint({"simulate", "--trucks", "many"});
  complaint({"serve", "--config", directory_ / "none.yaml"});
}

TEST_F(CommandLine, HelpsOnStdout) {
  const std::vector<std::vector<std::string>> asked{{"--help"}, {"serve", "--help"}, {"token", "-h"}, {"replay", "--help"}};
  for (const auto& words : asked) {
    EXPECT_EQ(run(words), 0);
    EXPECT_NE(out_.str().find("  haulcast " + (words.size() == 1 ? std::string{"serve"} : words.front())), std::string::npos)
        << out_.str();
    EXPECT_EQ(err_.str(), "");
  }
  EXPECT_EQ(run({"version"}), 0);
  EXPECT_EQ(out_.str(), "haulcast " HAULCAST_VERSION "\n");
}

TEST_F(CommandLine, ShowsTheConfigurationWithoutSecrets) {
  variables_["HAULCAST_AUTH__HS256_SECRET"] = secret;
  EXPECT_EQ(run({"check-config"}), 0);
  EXPECT_NE(out_.str().find("max_batch: 1000"), std::string::npos);
  EXPECT_EQ(out_.str().find(secret), std::string::npos);
  EXPECT_EQ(run({"check-config", "--example"}), 0);
  EXPECT_EQ(out_.str(), example_config());
  variables_["HAULCAST_JOURNAL__SYNC"] = "perhaps";
  complaint({"check-config"});
}

TEST_F(CommandLine, PrintsADriversToken) {
  variables_["HAULCAST_AUTH__HS256_SECRET"] = secret;
  EXPECT_EQ(run({"token", "--role", "driver", "--truck", "TRK-2", "--truck", "TRK-1", "--ttl", "1h"}), 0);
  EXPECT_EQ(err_.str(), "");
  const auto who = verified();
  EXPECT_EQ(who->trucks, (std::vector<std::string>{"TRK-1", "TRK-2"}));
  EXPECT_EQ(who->subject, "TRK-2");
  EXPECT_EQ(who->expires, now + 1h + 30s);
}

TEST_F(CommandLine, PrintsTokensOfTheOtherRoles) {
  variables_["HAULCAST_AUTH__HS256_SECRET"] = secret;
  EXPECT_EQ(run({"token", "--role", "customer", "--customer", "C-1", "--subject", "somebody"}), 0);
  EXPECT_EQ(verified()->customer_id, "C-1");
  EXPECT_EQ(verified()->subject, "somebody");
  EXPECT_EQ(run({"token", "--role", "merchant", "--merchant", "M-1"}), 0);
  EXPECT_EQ(verified()->merchant_id, "M-1");
  EXPECT_EQ(run({"token", "--role", "admin"}), 0);
  EXPECT_EQ(verified()->who, auth::role::admin);
  EXPECT_EQ(verified()->expires, now + 24h + 30s);
}

TEST_F(CommandLine, MakesTheSigningSecretOnceWhenThereIsNone) {
  EXPECT_EQ(run({"token", "--role", "admin"}), 0);
  EXPECT_NE(err_.str().find("made a signing secret"), std::string::npos);
  std::string made;
  std::ifstream{directory_ / "data/secret"} >> made;
  EXPECT_EQ(verified(made)->who, auth::role::admin);
  EXPECT_EQ(run({"token", "--role", "admin"}), 0);
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(verified(made)->who, auth::role::admin);
}

TEST_F(CommandLine, MintsNoTokenThatTheServerWouldRefuse) {
  std::vector<std::string> many{"token", "--role", "driver"};
  for (int i = 0; i < 400; ++i) many.insert(many.end(), {"--truck", "TRUCK-" + std::to_string(i)});
  EXPECT_NE(complaint(many).find("4 KiB"), std::string::npos);
  complaint({"token", "--role", "pilot"});
  complaint({"token", "--role", "driver"});
  complaint({"token", "--role", "driver", "--truck", "a b"});
  complaint({"token", "--role", "driver", "--truck", ""});
  complaint({"token", "--role", "driver", "--truck", "T", "--customer", "C"});
  complaint({"token", "--role", "admin", "--truck", "T"});
  complaint({"token", "--role", "customer"});
  complaint({"token", "--role", "customer", "--customer", "C", "--merchant", "M"});
  complaint({"token", "--role", "merchant"});
  complaint({"token", "--role", "admin", "--subject", "a\nb"});
  complaint({"token", "--role", "admin", "--ttl", "0s"});
  complaint({"token", "--role", "admin", "--ttl", "3651d"});
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data"));  // nothing was left behind
}

TEST_F(CommandLine, SignsForTheConfiguredIssuerAndAudience) {
  variables_["HAULCAST_AUTH__HS256_SECRET"] = secret;
  variables_["HAULCAST_AUTH__ISSUER"] = "here";
  variables_["HAULCAST_AUTH__AUDIENCE"] = "us";
  ASSERT_EQ(run({"token", "--role", "admin"}), 0);
  auto token = out_.str();
  token.pop_back();
  auth::token_verifier verifier{{.keys = only(secret), .issuer = "here", .audience = "us"}};
  EXPECT_TRUE(verifier.verify(token, now));
}

TEST_F(CommandLine, SaysThatTheDataDirectoryIsUnusable) {
  directory_.write("data", "a file");
  complaint({"token", "--role", "admin"}, exit_data_directory);
}

TEST_F(CommandLine, Verifies) {
  EXPECT_EQ(run({"verify"}), 0);
  EXPECT_FALSE(verified_->from_start);
  EXPECT_EQ(run({"verify", "--from-start"}), 0);
  EXPECT_TRUE(verified_->from_start);
}

TEST_F(CommandLine, MigratesOrTriesTo) {
  EXPECT_EQ(run({"migrate"}), 0);
  EXPECT_FALSE(migrated_->dry_run);
  EXPECT_EQ(run({"migrate", "--dry-run"}), 0);
  EXPECT_TRUE(migrated_->dry_run);
}

TEST_F(CommandLine, ReachesTheServerOfItsConfigurationWithATokenOfItsOwn) {
  variables_["HAULCAST_AUTH__HS256_SECRET"] = secret;
  variables_["HAULCAST_SERVER__LISTEN"] = "0.0.0.0:9000";
  ASSERT_EQ(run({"watch", "--truck", "TRK-1", "--truck", "TRK-2", "--events", "--max-rate", "2"}), 0) << err_.str();
  EXPECT_EQ(watched_.url, "http://127.0.0.1:9000");
  EXPECT_EQ(watched_.trucks, (std::vector<std::string>{"TRK-1", "TRK-2"}));
  EXPECT_TRUE(watched_.events);
  EXPECT_EQ(watched_.max_rate_hz, 2);
  auth::token_verifier verifier{{.keys = only(secret)}};
  EXPECT_EQ(verifier.verify(watched_.token, now).value()->who, auth::role::admin);
  variables_["HAULCAST_SERVER__LISTEN"] = "[::]:9000";
  EXPECT_EQ(run({"health"}), 1);
  EXPECT_EQ(asked_.url, "http://[::1]:9000");
}

TEST_F(CommandLine, ReachesAServerUnderTlsByItsOwnCertificate) {
  variables_["HAULCAST_SERVER__TLS__CERTIFICATE"] = "fullchain.pem";
  variables_["HAULCAST_SERVER__TLS__KEY"] = "key.pem";
  variables_["HAULCAST_CA"] = "ca.pem";
  EXPECT_EQ(run({"health"}), 1);
  EXPECT_TRUE(asked_.url.starts_with("https://")) << asked_.url;
  EXPECT_EQ(asked_.believed.certificate, "fullchain.pem");
  EXPECT_EQ(asked_.believed.ca_file, "ca.pem");
  EXPECT_EQ(run({"health", "--url", "https://example.org", "--ca", "other.pem"}), 1);
  EXPECT_EQ(asked_.believed.certificate, "") << "it is for the server of this configuration alone";
  EXPECT_EQ(asked_.believed.ca_file, "other.pem");
}

TEST_F(CommandLine, SendsItsOwnTokenToNobodyElse) {
  variables_["HAULCAST_AUTH__HS256_SECRET"] = secret;
  for (const auto* url : {"http://example.org:8080", "http://10.0.0.1", "https://127.0.0.1.example.org",
                          "http://127.0.0.1.example.org", "http://localhost:1@example.org", "http://127.0.0.1:80@example.org",
                          "http://localhost.example.org/", "ftp://localhost"}) {
    EXPECT_NE(complaint({"watch", "--url", url}).find("a token is needed"), std::string::npos) << url;
  }
  for (const auto* url : {"http://localhost", "http://localhost:8080/x", "http://127.0.0.1", "http://[::1]", "http://[::1]:80/",
                          "https://127.0.0.1"}) {
    EXPECT_EQ(run({"watch", "--url", url}), 0) << url;
  }
}

TEST_F(CommandLine, OfAClientMakesNoDataDirectory) {
  EXPECT_NE(complaint({"watch"}).find("a token is needed"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data"));
}

TEST_F(CommandLine, TakesAddressAndTokenFromOptionsBeforeVariables) {
  variables_["HAULCAST_URL"] = "http://10.0.0.1";
  variables_["HAULCAST_TOKEN"] = "of the environment";
  EXPECT_EQ(run({"watch"}), 0);
  EXPECT_EQ(watched_.url, "http://10.0.0.1");
  EXPECT_EQ(watched_.token, "of the environment");
  EXPECT_EQ(run({"watch", "--url", "http://10.0.0.2", "--token", "given"}), 0);
  EXPECT_EQ(watched_.url, "http://10.0.0.2");
  EXPECT_EQ(watched_.token, "given");
}

TEST_F(CommandLine, TakesAnApiKeyInsteadOfAToken) {
  const std::string key = "hk_" + std::string(43, 'k');
  variables_["HAULCAST_URL"] = "http://10.0.0.1";
  EXPECT_EQ(run({"watch", "--api-key", key}), 0);
  EXPECT_EQ(watched_.token, key);
  variables_["HAULCAST_API_KEY"] = key;
  EXPECT_EQ(run({"simulate"}), 0);
  EXPECT_EQ(simulated_.token, key);
  EXPECT_EQ(run({"replay", "f.csv", "--token", "given"}), 0);
  EXPECT_EQ(replayed_.token, "given") << "an option goes before a variable of either kind";
  variables_["HAULCAST_TOKEN"] = "t";
  EXPECT_NE(complaint({"watch"}).find("one of them must go"), std::string::npos);
  EXPECT_EQ(run({"health"}), 1) << "it shows nobody anything";
  EXPECT_EQ(run({"watch", "--api-key", key}), 0);
  complaint({"watch", "--api-key", key, "--token", "t"});
  const auto refused = complaint({"watch", "--api-key", "eyJhbGciOi.J9"});
  EXPECT_EQ(refused.find("eyJhbGciOi"), std::string::npos) << refused;
}

TEST_F(CommandLine, Simulates) {
  variables_["HAULCAST_TOKEN"] = "t";
  variables_["HAULCAST_URL"] = "http://h";
  EXPECT_EQ(run({"simulate", "--trucks", "20", "--interval", "1s", "--seed", "7", "--duration", "1m30s", "--speedup", "10"}),
            0);
  EXPECT_EQ(simulated_.trucks, 20U);
  EXPECT_EQ(simulated_.interval, 1s);
  EXPECT_EQ(simulated_.seed, 7U);
  EXPECT_EQ(simulated_.duration, 90s);
  EXPECT_EQ(simulated_.speedup, 10);
  EXPECT_EQ(simulated_.token, "t");
}

TEST_F(CommandLine, ImportsGeofences) {
  variables_["HAULCAST_URL"] = "http://h";
  EXPECT_EQ(run({"import-geofences", "f.kml", "--token", "t", "--radius", "150", "--gzip", "--json", "--give-up-after", "5m",
                 "--no-progress"}),
            0)
      << err_.str();
  EXPECT_EQ(imported_.file, "f.kml");
  EXPECT_EQ(imported_.token, "t");
  EXPECT_EQ(imported_.radius_m, 150);
  EXPECT_EQ(imported_.width_m, 0);
  EXPECT_TRUE(imported_.gzip && imported_.json && !imported_.terminal && !imported_.dry_run);
  EXPECT_EQ(imported_.give_up_after, std::chrono::minutes{5});
  complaint({"import-geofences", "f.kml"});
  EXPECT_EQ(run({"import-geofences", "f.kml", "--dry-run"}), 0) << "which asks nobody";
  EXPECT_TRUE(imported_.dry_run);
  complaint({"import-geofences"});
  complaint({"import-geofences", "f.kml", "--radius", "0"});
}

TEST_F(CommandLine, Replays) {
  variables_["HAULCAST_TOKEN"] = "t";
  variables_["HAULCAST_URL"] = "http://h";
  EXPECT_EQ(run({"replay", "f.csv.gz", "--speed", "0", "--end-at", "2026-11-20T10:30:00Z", "--shift", "--format", "csv",
                 "--columns", "truck_id=trace,latitude=y", "--batch", "100", "--no-progress"}),
            0)
      << err_.str();
  EXPECT_EQ(replayed_.file, "f.csv.gz");
  EXPECT_EQ(replayed_.speed, 0);
  EXPECT_EQ(replayed_.end_at, from_epoch_ms(1'795'170'600'000));
  EXPECT_TRUE(replayed_.shift);
  EXPECT_EQ(replayed_.format, client::track_format::csv);
  EXPECT_EQ(replayed_.columns.at("truck_id"), "trace");
  EXPECT_EQ(replayed_.batch_max, 100U);
  EXPECT_FALSE(replayed_.terminal);
  complaint({"replay", "f.csv", "--end-at", "yesterday"});
  complaint({"replay", "f.csv", "--format", "xml"});
  complaint({"replay", "f.csv", "--columns", "colour=x"});
}

}  // namespace
}  // namespace haulcast::app
