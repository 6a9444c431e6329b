#include "integration/failing_server.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "integration/auditor.hpp"
#include "integration/store_audit.hpp"

namespace haulcast::support {

using std::chrono::steady_clock;

milliseconds fault_time() {
  const char* const given = std::getenv("HAULCAST_FAULT_SECONDS");
  return given == nullptr ? milliseconds{700} : milliseconds{std::strtoll(given, nullptr, 10) * 1'000};
}

void tell_row(std::string_view fault, std::string_view told, std::string_view readyz, std::string_view healing) {
  std::cout << fmt::format("| {} | {} | {} | {} |\n", fault, told, readyz, healing) << std::flush;
}

failing_server::failing_server(std::map<std::string, std::string> environment)
    : server_{{.binary = HAULCAST_BINARY, .environment = with(std::move(environment))}},
      probe_{server_.base(), server_.token()},
      loader_{server_.base(), {.token = server_.token(), .workers = 4, .trucks = 12, .seed = 7, .pause = milliseconds{3}}} {
  EXPECT_TRUE(goes_on());
}

std::map<std::string, std::string> failing_server::with(std::map<std::string, std::string> environment) const {
  environment.merge(disk_.environment(false));
  return environment;
}

bool failing_server::goes_on(milliseconds within) {
  const std::uint64_t before = loader_.acknowledged();
  return eventually([&] { return loader_.acknowledged() > before + 200; }, within);
}

void failing_server::expect_healed(milliseconds within) {
  const auto asked = steady_clock::now();
  EXPECT_TRUE(eventually([&] { return probe_.ready(); }, within)) << server_.log();
  healed_in_ = std::chrono::duration_cast<milliseconds>(steady_clock::now() - asked);
  EXPECT_TRUE(server_.running());
  EXPECT_TRUE(goes_on(within)) << server_.log();
}

void failing_server::expect_clean_books() {
  const ledger books = loader_.finish();
  EXPECT_TRUE(books.contradictions.empty()) << books.contradictions.front();
  probe_.expect_kept();
  EXPECT_TRUE(await_store(server_)) << server_.log();
  EXPECT_EQ(server_.stop().code, 0);
  const store_report stored = audit_store(books, disk_.data_dir());
  EXPECT_TRUE(stored.clean()) << stored.to_string();
  const audit_report report = audit(books, disk_.data_dir());
  EXPECT_EQ(report.lost + report.twice + report.disorder + report.differing, 0U) << report.to_string();
  EXPECT_EQ(verified({"--from-start"}), verified({}));
  acknowledged_ = books.acknowledged_positions();
  lost_ = report.lost;
}

std::string failing_server::verified(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "verify");
  const auto ended = run_to_end({.program = HAULCAST_BINARY,
                                 .arguments = std::move(arguments),
                                 .environment = {{"HAULCAST_DATA_DIR", disk_.data_dir().string()}}});
  EXPECT_EQ(ended.exit.code, 0) << ended.out << ended.err;
  return ended.out.substr(std::min(ended.out.size(), ended.out.find("world ")));
}

void failing_server::tell(std::string_view fault, const observed& seen) const {
  tell_row(fault, seen.told(), seen.readyz(),
           fmt::format("by itself, ready {} ms after the fault; {} acknowledged, {} lost", healed_in_.count(), acknowledged_,
                       lost_));
}

}  // namespace haulcast::support
