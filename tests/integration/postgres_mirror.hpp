// A store in PostgreSQL, copied row by row into an embedded one, so that the same auditor looks at both.
#pragma once

#include <filesystem>
#include <string>

namespace haulcast::support {

/// Into `<data_dir>/store.sqlite`, which must not be there. Throws std::runtime_error.
void mirror_postgres(const std::string& connection, const std::filesystem::path& data_dir);

}  // namespace haulcast::support
