// The one binary, from the shell: configuration, token, verify, health.
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "integration/story.hpp"

namespace haulcast::support {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

child_outcome haulcast_command(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                               const std::filesystem::path& directory = {}) {
  child_options o;
  o.program = HAULCAST_BINARY;
  o.arguments = std::move(arguments);
  o.environment = std::move(environment);
  o.directory = directory;
  return run_to_end(o, 60s);
}

std::ptrdiff_t lines_in(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(CommandLine, AMistakeInTheConfigurationIsOneLineWithFileAndLine) {
  const temp_directory scratch;
  struct {
    const char* yaml;
    const char* where;
    const char* says;
  } const mistakes[] = {{"data_dir: d\nserver:\n  lissen: 127.0.0.1:0\n", ":3", "listen"},
                        {"server:\n  listen: 127.0.0.1:0\n  listen: 127.0.0.1:0\n", ":3", "listen"},
                        {"journal:\n  sync: perhaps\n", ":2", "sync"},
                        {"ingest:\n  max_batch: -1\n", ":2", "max_batch"},
                        {"ingest: [\n", ":", ""}};
  for (const auto& m : mistakes) {
    SCOPED_TRACE(m.yaml);
    std::ofstream{scratch / "wrong.yaml", std::ios::trunc} << m.yaml;
    for (const char* command : {"serve", "check-config"}) {
      const auto refused = haulcast_command({command, "--config", "wrong.yaml"}, {}, scratch.path());
      EXPECT_EQ(refused.exit.code, 2);
      EXPECT_EQ(refused.out, "");
      EXPECT_EQ(lines_in(refused.err), 1) << refused.err;
      EXPECT_NE(refused.err.find("wrong.yaml" + std::string{m.where}), std::string::npos) << refused.err;
      EXPECT_NE(refused.err.find(m.says), std::string::npos) << refused.err;
    }
  }
  const auto variable = haulcast_command({"serve"}, {{"HAULCAST_SERVER__LISSEN", "x"}}, scratch.path());
  EXPECT_EQ(variable.exit.code, 2);
  EXPECT_NE(variable.err.find("HAULCAST_SERVER__LISSEN"), std::string::npos) << variable.err;
  EXPECT_EQ(haulcast_command({"serve", "--config", "not-there.yaml"}, {}, scratch.path()).exit.code, 2);
  EXPECT_EQ(haulcast_command({"servee"}).exit.code, 2);
  EXPECT_EQ(haulcast_command({}).exit.code, 2);
  EXPECT_FALSE(std::filesystem::exists(scratch / "haulcast-data")) << "a mistake leaves nothing behind";
}

TEST(CommandLine, BeyondLoopbackItWantsASecretOfItsOwn) {
  const temp_directory scratch;
  for (const char* secret : {"", "too short"}) {
    for (const char* where : {"0.0.0.0:0", "[::]:0"}) {
      const auto refused = haulcast_command(
          {"serve"}, {{"HAULCAST_SERVER__LISTEN", where}, {"HAULCAST_AUTH__HS256_SECRET", secret}}, scratch.path());
      EXPECT_EQ(refused.exit.code, 2);
      EXPECT_EQ(lines_in(refused.err), 1) << refused.err;
      EXPECT_NE(refused.err.find("hs256_secret"), std::string::npos) << refused.err;
      EXPECT_EQ(refused.err.find("too short"), std::string::npos) << "the secret itself: " << refused.err;
    }
  }
}

TEST(CommandLine, CheckConfigShowsWhatIsInForceAndNoSecret) {
  const auto shown = haulcast_command(
      {"check-config", "--config", HAULCAST_SOURCE_DIR "/config/haulcast.example.yaml"},
      {{"HAULCAST_JOURNAL__SYNC", "normal"}, {"HAULCAST_AUTH__HS256_SECRET", "a secret that must not be shown to anybody"}});
  EXPECT_EQ(shown.exit.code, 0) << shown.err;
  EXPECT_NE(shown.out.find("sync: normal"), std::string::npos) << shown.out;
  EXPECT_EQ(shown.out.find("must not be shown"), std::string::npos);
}

TEST(CommandLine, TheExampleConfigurationStartsAServer) {
  server s({.arguments = {"--config", HAULCAST_SOURCE_DIR "/config/haulcast.example.yaml"}});
  auto admin = s.as();
  must_post(admin, {driving("TRK-1", now_ms() - 5000, 1)});
}

TEST(CommandLine, ATokenMintedBeforeTheFirstStartHolds) {
  const temp_directory scratch;
  const std::map<std::string, std::string> environment{{"HAULCAST_DATA_DIR", (scratch / "data").string()}};
  const auto minted = haulcast_command({"token", "--role", "driver", "--truck", "TRK-1"}, environment);
  ASSERT_EQ(minted.exit.code, 0) << minted.err;
  ASSERT_EQ(lines_in(minted.out), 1);
  struct stat secret{};
  ASSERT_EQ(::stat((scratch / "data/secret").c_str(), &secret), 0);
  EXPECT_EQ(secret.st_mode & 0777U, 0600U);

  server_options o;
  o.environment = environment;
  o.environment["HAULCAST_AUTH__HS256_SECRET"] = "";  // the generated one
  server s{o};
  api driver{s.base(), minted.out.substr(0, minted.out.size() - 1)};
  must_post(driver, {driving("TRK-1", now_ms() - 5000, 1)});
  expect_problem(driver.post("/v1/positions", batch({driving("TRK-2", now_ms() - 5000, 1)})), 403, "truck_not_yours");
  EXPECT_EQ(haulcast_command({"token", "--role", "driver"}, environment).exit.code, 2);
  const auto while_running = haulcast_command({"token", "--role", "admin"}, environment);
  EXPECT_EQ(while_running.exit.code, 0) << while_running.err;
}

/// What verify printed behind that word.
std::string said(const child_outcome& verified, const std::string& word) {
  std::istringstream lines{verified.out};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(word)) return line.substr(line.rfind(' ') + 1);
  }
  return "nothing";
}

TEST(CommandLine, VerifyComesToTheSameWorldFromTheStartAndFromSnapshots) {
  server s({.environment = {{"HAULCAST_JOURNAL__SNAPSHOT_INTERVAL_S", "1"}, {"HAULCAST_ENGINE__OFFLINE_AFTER_S", "2"}}});
  const std::map<std::string, std::string> environment{{"HAULCAST_DATA_DIR", s.data_dir().string()}};
  const auto begin = now_ms() - 600'000;
  {
    auto admin = s.as();
    for (int i = 0; i < 20; ++i) {
      std::vector<json> positions;
      for (int truck = 0; truck < 30; ++truck) positions.push_back(driving("TRK-" + std::to_string(truck), begin, i * 7 % 20));
      must_post(admin, positions);
    }
    EXPECT_EQ(haulcast_command({"verify"}, environment).exit.code, 3) << "in use";
    ASSERT_TRUE(eventually(
        [&] { return metric(admin.get("/metrics").raw.body, "haulcast_snapshot_entities_total").value_or(0) >= 30; }));
    // Offline is an event of its own, and changes the trucks behind that snapshot.
    ASSERT_TRUE(eventually([&] { return admin.get("/v1/trucks?status=offline").body.at("items").size() == 30; }));
    must_post(admin, {driving("TRK-3", begin, 50), driving("NEW", begin, 1)});
  }
  s.kill();
  const auto from_start = haulcast_command({"verify", "--from-start"}, environment);
  const auto from_snapshots = haulcast_command({"verify"}, environment);
  EXPECT_EQ(from_start.exit.code, 0) << from_start.err << from_start.out;
  EXPECT_EQ(from_snapshots.exit.code, 0) << from_snapshots.err << from_snapshots.out;
  EXPECT_EQ(said(from_start, "world"), said(from_snapshots, "world"));
  EXPECT_EQ(said(from_start, "events"), said(from_snapshots, "events"));
  EXPECT_EQ(said(from_start, "world").size(), 64u) << from_start.out;
  EXPECT_EQ(said(from_start, "trucks"), "31");
  EXPECT_NE(said(from_start, "replayed"), said(from_snapshots, "replayed")) << "the snapshots were not used";
  s.start();
  auto admin = s.as();
  EXPECT_EQ(admin.get("/v1/trucks?limit=1000").body.at("items").size(), 31u);
}

TEST(CommandLine, VerifyOfADirectoryWithoutAJournalSaysSoAndMakesNone) {
  const temp_directory scratch;
  const auto verified = haulcast_command({"verify"}, {{"HAULCAST_DATA_DIR", (scratch / "misspelt").string()}});
  EXPECT_EQ(verified.exit.code, 3) << verified.out;
  EXPECT_EQ(lines_in(verified.err), 1) << verified.err;
  EXPECT_FALSE(std::filesystem::exists(scratch / "misspelt"));
}

TEST(CommandLine, ReplaySendsAFileOnceAndASecondTimeAllAreDuplicates) {
  server s;
  const temp_directory scratch;
  std::ofstream file{scratch / "tour.csv"};
  file << "truck_id,timestamp,latitude,longitude\n";
  const auto begin = now_ms() - 3'600'000;
  for (int i = 0; i < 300; ++i) {
    const auto p = driving("TRK-" + std::to_string(i % 3), begin, i);
    file << p["truck_id"].get<std::string>() << ',' << p["timestamp"].get<std::string>() << ',' << p["latitude"] << ','
         << p["longitude"] << '\n';
  }
  file.close();
  const std::map<std::string, std::string> environment{{"HAULCAST_TOKEN", s.token()}, {"HAULCAST_URL", s.url()}};
  for (const char* expected : {"accepted", "duplicates"}) {
    const auto replayed =
        haulcast_command({"replay", (scratch / "tour.csv").string(), "--speed", "0", "--json", "--no-progress"}, environment);
    ASSERT_EQ(replayed.exit.code, 0) << replayed.err << replayed.out;
    EXPECT_EQ(json::parse(replayed.out).at(expected), 300) << replayed.out;
  }
  auto admin = s.as();
  EXPECT_EQ(admin.get("/v1/trucks/TRK-2/position").body.at("timestamp"), rfc3339(begin + 299'000));
}

TEST(CommandLine, WatchSeesWhatSimulateDrives) {
  server s;
  const std::map<std::string, std::string> environment{{"HAULCAST_TOKEN", s.token()}, {"HAULCAST_URL", s.url()}};
  child_options o;
  o.program = HAULCAST_BINARY;
  o.arguments = {"simulate", "--trucks", "5", "--interval", "1s", "--duration", "3s", "--speedup", "20"};
  o.environment = environment;
  child_process simulate{o};
  const auto watched = haulcast_command({"watch", "--plain", "--count", "10"}, environment);
  EXPECT_EQ(watched.exit.code, 0) << watched.err;
  EXPECT_GE(lines_in(watched.out), 10) << watched.out;
  EXPECT_NE(watched.out.find("SIM-"), std::string::npos) << watched.out;
  simulate.read_all(30s);
  const auto ended = simulate.wait(30s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0);
}

TEST(CommandLine, HealthAsksWhetherAServerIsReady) {
  server s;
  const auto ready = haulcast_command({"health", "--url", s.url()});
  EXPECT_EQ(ready.exit.code, 0) << ready.out << ready.err;
  s.stop();
  const auto gone = haulcast_command({"health", "--url", s.url()});
  EXPECT_EQ(gone.exit.code, 1) << gone.out << gone.err;
}

TEST(CommandLine, VersionAndHelpPrintAndSucceed) {
  EXPECT_EQ(haulcast_command({"version"}).out, "haulcast " HAULCAST_VERSION "\n");
  for (const char* command : {"serve", "check-config", "token", "simulate", "replay", "watch", "health", "verify", "version"}) {
    const auto help = haulcast_command({command, "--help"});
    EXPECT_EQ(help.exit.code, 0) << command;
    EXPECT_GT(lines_in(help.out), 2) << command;
  }
}

}  // namespace
}  // namespace haulcast::support
