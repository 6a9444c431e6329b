// Compares a store in PostgreSQL with the journal behind it and with what a loader was told, in plain SQL.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "store_audit.hpp"
#include "support/ledger.hpp"

namespace haulcast::support {

/// What GET /v1/trucks/{truck_id}/stats said of each truck's hours, all pages.
using told_hours = std::map<std::string, std::vector<nlohmann::json>>;

/// After the server has ended and everything was written: puts journal and books into tables of a schema `audit` beside the
/// store's, and asks the database for what is in the one and not in the other. Figures are those of slow_hours(); every hour
/// must be settled. The journal must begin at its first record. Throws std::runtime_error when something cannot be read.
store_report audit_database(const std::string& connection, const ledger& books, const std::filesystem::path& data_dir,
                            const told_hours& told = {});

/// The same of positions, events and refused positions alone, and of those records alone that the journal still has: for a
/// store that went on without what was in neither.
store_report audit_what_is_left(const std::string& connection, const std::filesystem::path& data_dir);

}  // namespace haulcast::support
