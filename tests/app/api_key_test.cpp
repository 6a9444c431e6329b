#include "haulcast/app/api_key_admin.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "haulcast/app/cli.hpp"
#include "haulcast/auth/api_key_file.hpp"
#include "haulcast/auth/api_keys.hpp"
#include "temporary_directory.hpp"

namespace haulcast::app {
namespace {

using namespace std::chrono_literals;

constexpr utc_time now = from_epoch_ms(1'800'000'000'000);

/// `haulcast api-key ...` at noon, on a data directory of its own.
class ApiKeyCommand : public testing::Test {
 protected:
  ApiKeyCommand() { variables_["HAULCAST_DATA_DIR"] = directory_ / "data"; }

  int run(std::vector<std::string> words, utc_time at = now) {
    out_.str("");
    err_.str("");
    words.insert(words.begin(), {"haulcast", "api-key"});
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    return run_command_line(static_cast<int>(argv.size()), argv.data(), {variables_, at, out_, err_}, {});
  }
  std::string complaint(std::vector<std::string> words, int code = exit_wrong_usage) {
    EXPECT_EQ(run(std::move(words)), code);
    EXPECT_EQ(out_.str(), "");
    const auto text = err_.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_TRUE(text.starts_with("haulcast: ")) << text;
    return text;
  }
  std::string create(std::vector<std::string> words) {
    words.insert(words.begin(), "create");
    EXPECT_EQ(run(std::move(words)), 0) << err_.str();
    auto key = out_.str();
    EXPECT_EQ(key.size(), auth::api_key_bytes + 1);
    key.pop_back();
    return key;
  }
  std::shared_ptr<const auth::principal> believed(std::string_view key, utc_time at = now) const {
    auth::api_keys keys{auth::api_key_table::load(file()).value()};
    const auto who = keys.verify(key, at);
    return who ? *who : nullptr;
  }
  std::filesystem::path file() const { return directory_ / "data/api-keys.json"; }

  temporary_directory directory_;
  environment variables_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ApiKeyCommand, CreatesAKeyThatTheServerBelieves) {
  const auto key =
      create({"--name", "gateway-7", "--role", "driver", "--truck", "TRK-2", "--truck", "TRK-1", "--requests-per-s", "2.5"});
  EXPECT_NE(err_.str().find("SIGHUP"), std::string::npos) << err_.str();
  EXPECT_EQ(err_.str().find(key), std::string::npos);
  const auto who = believed(key);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->subject, "key:gateway-7");
  EXPECT_EQ(who->trucks, (std::vector<std::string>{"TRK-1", "TRK-2"}));
  EXPECT_EQ(who->requests_per_s, 2.5);
  EXPECT_EQ(who->request_burst, 3U);
  EXPECT_EQ(who->expires, now + std::chrono::days{90});
  EXPECT_EQ(believed(key, now + std::chrono::days{90}), nullptr);
}

TEST_F(ApiKeyCommand, CreatesKeysOfTheOtherRoles) {
  EXPECT_EQ(believed(create({"--name", "a", "--role", "admin", "--ttl", "none"}))->expires, utc_time::max());
  EXPECT_EQ(believed(create({"--name", "c", "--role", "customer", "--customer", "C-1"}))->customer_id, "C-1");
  const auto merchant =
      believed(create({"--name", "m", "--role", "merchant", "--merchant", "M-1", "--requests-per-s", "5", "--burst", "50"}));
  EXPECT_EQ(merchant->merchant_id, "M-1");
  EXPECT_EQ(merchant->request_burst, 50U);
}

TEST_F(ApiKeyCommand, KeepsThemWhereTheConfigurationSays) {
  variables_["HAULCAST_AUTH__API_KEYS"] = directory_ / "elsewhere.json";
  create({"--name", "a", "--role", "admin"});
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_EQ(auth::read_api_keys(directory_ / "elsewhere.json").value().size(), 1U);
}

TEST_F(ApiKeyCommand, CreatesNoKeyThatCannotBe) {
  const std::vector<std::vector<std::string>> wrong{
      {"--role", "admin"},
      {"--name", "a"},
      {"--name", "a b", "--role", "admin"},
      {"--name", "", "--role", "admin"},
      {"--name", "a", "--role", "pilot"},
      {"--name", "a", "--role", "driver"},
      {"--name", "a", "--role", "driver", "--truck", "a b"},
      {"--name", "a", "--role", "admin", "--truck", "TRK-1"},
      {"--name", "a", "--role", "customer"},
      {"--name", "a", "--role", "merchant", "--customer", "C"},
      {"--name", "a", "--role", "admin", "--ttl", "soon"},
      {"--name", "a", "--role", "admin", "--ttl", "0s"},
      {"--name", "a", "--role", "admin", "--ttl", "3651d"},
      {"--name", "a", "--role", "admin", "--burst", "5"},
      {"--name", "a", "--role", "admin", "--requests-per-s", "0"},
      {"--name", "a", "--role", "admin", "--requests-per-s", "-1"},
      {"--name", "a", "--role", "admin", "--requests-per-s", "nan"},
      {"--name", "a", "--role", "admin", "--requests-per-s", "5", "--burst", "0"}};
  for (auto words : wrong) {
    SCOPED_TRACE(testing::PrintToString(words));
    words.insert(words.begin(), "create");
    complaint(words);
  }
  complaint({});
  complaint({"destroy"});
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data")) << "nothing was left behind";
}

TEST_F(ApiKeyCommand, TakesEachNameOnce) {
  const auto first = create({"--name", "erp", "--role", "admin"});
  EXPECT_NE(complaint({"create", "--name", "erp", "--role", "admin"}).find("erp already"), std::string::npos);
  EXPECT_TRUE(believed(first));
}

TEST_F(ApiKeyCommand, RevokesAndThenTheNameIsFree) {
  const auto first = create({"--name", "erp", "--role", "admin"});
  EXPECT_EQ(run({"revoke", "erp"}), 0);
  EXPECT_EQ(out_.str(), "");
  EXPECT_FALSE(believed(first));
  EXPECT_NE(complaint({"revoke", "erp"}).find("no API key named erp"), std::string::npos);
  const auto second = create({"--name", "erp", "--role", "admin"});
  EXPECT_TRUE(believed(second));
  EXPECT_FALSE(believed(first));
}

TEST_F(ApiKeyCommand, ListsWhatEachMayDoAndNoSecret) {
  std::vector<std::string> keys{create({"--name", "erp", "--role", "merchant", "--merchant", "M-1", "--ttl", "1h"}),
                                create({"--name", "ops", "--role", "admin", "--ttl", "none"}),
                                create({"--name", "gateway", "--role", "driver", "--truck", "T-1", "--truck", "T-2", "--truck",
                                        "T-3", "--truck", "T-4", "--requests-per-s", "5"})};
  ASSERT_EQ(run({"list"}, now + 2h), 0);
  EXPECT_EQ(
      out_.str(),
      "NAME     ROLE      FOR                     LIMIT           CREATED                   EXPIRES\n"
      "erp      merchant  M-1                     -               2027-01-15T08:00:00.000Z  expired 2027-01-15T09:00:00.000Z\n"
      "ops      admin     everything              -               2027-01-15T08:00:00.000Z  never\n"
      "gateway  driver    T-1,T-2,T-3 and 1 more  5/s, 5 at once  2027-01-15T08:00:00.000Z  2027-04-15T08:00:00.000Z\n");
  ASSERT_EQ(run({"list", "--json"}, now + 2h), 0);
  EXPECT_EQ(
      out_.str(),
      R"({"items":[{"name":"erp","role":"merchant","merchant_id":"M-1","created_at":"2027-01-15T08:00:00.000Z","expires_at":"2027-01-15T09:00:00.000Z","expired":true},)"
      R"({"name":"ops","role":"admin","created_at":"2027-01-15T08:00:00.000Z","expired":false},)"
      R"({"name":"gateway","role":"driver","trucks":["T-1","T-2","T-3","T-4"],"requests_per_s":5,"burst":5,"created_at":"2027-01-15T08:00:00.000Z","expires_at":"2027-04-15T08:00:00.000Z","expired":false}]})"
      "\n");
  for (const auto& key : keys) EXPECT_EQ(out_.str().find(key), std::string::npos);
}

TEST_F(ApiKeyCommand, ListsNothingWhereThereIsNothingAndMakesNothing) {
  EXPECT_EQ(run({"list", "--json"}), 0);
  EXPECT_EQ(out_.str(), "{\"items\":[]}\n");
  complaint({"revoke", "erp"});
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data"));
}

TEST_F(ApiKeyCommand, SaysThatTheFileIsDamaged) {
  std::filesystem::create_directories(file().parent_path());
  directory_.write("data/api-keys.json", "{");
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"list"}, {"revoke", "erp"}, {"create", "--name", "erp", "--role", "admin"}}) {
    EXPECT_NE(complaint(words, exit_data_directory).find(file().string()), std::string::npos);
  }
}

}  // namespace
}  // namespace haulcast::app
