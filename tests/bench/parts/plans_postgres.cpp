#include <fmt/core.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "haulcast/store/postgres.hpp"
#include "parts/plans.hpp"

namespace haulcast::bench {
namespace {

using nlohmann::json;

constexpr std::string_view explaining =
    " options='-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c auto_explain.log_analyze=on "
    "-c auto_explain.log_format=json -c auto_explain.log_timing=off'";

bool may_be_long(const std::string& relation) {
  for (const std::string_view table : {"position_", "event_", "quarantine_", "hour_", "truck", "unsettled_hour"}) {
    if (relation.starts_with(table)) return true;
  }
  return false;
}

void account_for(const json& node, reading& to) {
  const double loops = node.value("Actual Loops", 0.0);
  if (const auto relation = node.value("Relation Name", ""); !relation.empty() && loops > 0) {
    const double rows = loops * (node.value("Actual Rows", 0.0) + node.value("Rows Removed by Filter", 0.0) +
                                 node.value("Rows Removed by Index Recheck", 0.0));
    if (relation.starts_with("position_")) to.position_rows += rows;
    if (may_be_long(relation) && relation.find("_2") != relation.npos) to.partitions.insert(relation);
    if (may_be_long(relation) && node.at("Node Type") == "Seq Scan") to.scans.push_back(relation);
  }
  if (!node.contains("Plans")) return;
  for (const auto& below : node.at("Plans")) account_for(below, to);
}

class watched_postgres final : public watched_reader {
 public:
  watched_postgres(database& db, const std::string& name)
      : db_{db},
        reader_{store::make_postgres_reader(
            {.url = db.server().connection(name) + std::string{explaining}, .query_timeout = std::chrono::minutes{2}})} {
    if (const auto first = reader_->checkpoint(); !first) throw std::runtime_error{first.error().why};
    static_cast<void>(account());  // of connecting
  }
  store::reader& ask() override { return *reader_; }

  // The log has each plan's text indented, behind a line that ends with "plan:".
  reading account() override {
    std::istringstream lines{db_.server().log().substr(seen_)};
    reading made;
    std::string text;
    bool in_plan = false;
    const auto end_plan = [&] {
      if (std::exchange(in_plan, false)) {
        const auto plan = json::parse(text);
        ++made.statements;
        account_for(plan.at("Plan"), made);
      }
      text.clear();
    };
    for (std::string line; std::getline(lines, line);) {
      seen_ += line.size() + 1;
      if (in_plan && line.starts_with('\t')) {
        text += line.substr(1) + '\n';
        continue;
      }
      end_plan();
      in_plan = line.ends_with("plan:");
    }
    end_plan();
    return made;
  }

 private:
  database& db_;
  std::unique_ptr<store::reader> reader_;
  std::size_t seen_ = 0;  // bytes of the log
};

}  // namespace

std::unique_ptr<watched_reader> watch_postgres(database& db, const std::string& name) {
  return std::make_unique<watched_postgres>(db, name);
}

}  // namespace haulcast::bench
